//! Asks the server and the disks before anything changes.

use std::collections::BTreeSet;
use std::path::Path;

use appsnap::restore::Survey;

use crate::recover::in_use;
use crate::server::{Server, sql_failure};
use crate::support::{Failure, Outcome, folder_of, harmless, is_url, shown, size};
use crate::target::Target;

impl Server {
    /// Refuses a target that cannot be replaced, before hours of work.
    pub fn refuse_unsuitable(&mut self, target: Option<&Target>, force_disconnect: bool) -> Outcome {
        let failed = |error: postgres::Error| sql_failure("asking the server", &error);
        let may_create = "select rolsuper or rolcreatedb from pg_roles where rolname = current_user";
        let may_create: bool = self.client.query_one(may_create, &[]).map_err(failed)?.get(0);
        let subject = format!("{:?}", self.target);
        if !may_create {
            let message = format!(
                "the role {:?} may not create databases: ALTER ROLE ... CREATEDB, or connect as another",
                self.user
            );
            return Err(Failure::environment(subject, message));
        }
        let Some(target) = target else { return Ok(()) };
        if target.is_template {
            let message =
                "it is a template for other databases, which cannot be replaced: ALTER DATABASE ... IS_TEMPLATE false";
            return Err(Failure::environment(subject, message));
        }
        // From 16 on, a membership need not allow to give something to the role.
        let may_give = if self.major >= 16 { "set" } else { "member" };
        let sql = format!(
            "select pg_has_role(current_user, $1::name, 'usage') and pg_has_role(current_user, $1::name, '{may_give}')"
        );
        let owns = self.client.query_one(&sql, &[&target.owner.as_str()]);
        if !owns.map_err(failed)?.get::<_, bool>(0) {
            let message = format!(
                "it belongs to {:?}, and {:?} is no member of that role: connect as another",
                target.owner, self.user
            );
            return Err(Failure::environment(subject, message));
        }
        for (sql, what) in [
            ("select gid from pg_prepared_xacts where database = $1::text::name", "the prepared transaction"),
            (
                "select slot_name::text from pg_replication_slots where database = $1::text::name",
                "the replication slot",
            ),
            (
                "select subname::text from pg_subscription s join pg_database d on d.oid = s.subdbid where datname = $1::text::name",
                "the subscription",
            ),
        ] {
            // Not every role may see every catalog; then the rename or the removal finds out.
            let Ok(Some(row)) = self.client.query_opt(&format!("{sql} limit 1"), &[&self.target]) else { continue };
            let message = format!(
                "{what} {:?} belongs to it, and a database with one cannot be replaced: end it first",
                row.get::<_, String>(0)
            );
            return Err(Failure::environment(subject, message));
        }
        let name = self.target.clone();
        if !force_disconnect && !self.visitors(&name)?.is_empty() {
            return Err(in_use(self)?);
        }
        Ok(())
    }

    /// Refuses a role that cannot own the restored objects.
    pub fn refuse_role(&mut self, role: Option<&str>) -> Outcome {
        let Some(role) = role else { return Ok(()) };
        let sql = "select pg_has_role(current_user, oid, 'member') from pg_roles where rolname = $1::text::name";
        let row = self.client.query_opt(sql, &[&role]).map_err(|error| sql_failure("--role", &error))?;
        let message = match row.map(|row| row.get(0)) {
            Some(true) => return Ok(()),
            Some(false) => {
                format!("{:?} is no member of the role {role:?}: GRANT it, or connect as another", self.user)
            }
            None => format!("there is no role {role:?}: create it, or name another"),
        };
        Err(Failure::environment("--role", message))
    }

    /// Compares the needs of the dump with the server. Returns warnings.
    pub fn refuse_unfit(
        &mut self,
        survey: &Survey,
        target: Option<&Target>,
        role: Option<&str>,
    ) -> Outcome<Vec<String>> {
        let rows = self.client.query("select name::text from pg_available_extensions", &[]);
        let rows = rows.map_err(|error| sql_failure("pg_available_extensions", &error))?;
        let available: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
        let needed = survey.extensions().map(|name| String::from_utf8_lossy(name).into_owned());
        let missing: Vec<String> =
            needed.filter(|name| !available.contains(name)).map(|name| harmless(&name)).collect();
        if !missing.is_empty() {
            let message = format!(
                "the dump needs extensions that the server does not have: {}: install them first",
                missing.join(", ")
            );
            return Err(Failure::environment(format!("{:?}", self.target), message));
        }
        self.refuse_extensions_of_superusers(survey)?;
        let mut warnings = Vec::new();
        let dump = survey.inspection();
        let encoding = dump.and_then(|dump| dump.encoding.as_deref()).map(String::from_utf8_lossy);
        if let (Some(target), Some(encoding)) = (target, encoding)
            && target.encoding != encoding
        {
            warnings.push(format!(
                "the dump is in {} and the database in {}: characters that {} does not have end the restore",
                harmless(&encoding),
                target.encoding,
                target.encoding
            ));
        }
        if let Some(target) = target
            && target.owner != role.unwrap_or(&self.user)
        {
            warnings.push(format!(
                "the database belongs to {:?}, and the restored objects will belong to {:?}: name the owner with --role if that is wrong",
                target.owner,
                role.unwrap_or(&self.user)
            ));
        }
        Ok(warnings)
    }

    /// Refuses extensions that this role may not create. A new database has `plpgsql` already.
    fn refuse_extensions_of_superusers(&mut self, survey: &Survey) -> Outcome {
        if self.is_superuser {
            return Ok(());
        }
        let sql = "select e.name::text from pg_available_extensions e join pg_available_extension_versions v
                   on v.name = e.name and v.version = e.default_version where v.superuser and not v.trusted";
        let rows =
            self.client.query(sql, &[]).map_err(|error| sql_failure("pg_available_extension_versions", &error))?;
        let reserved: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
        let needed = survey.extensions().map(|name| String::from_utf8_lossy(name).into_owned());
        let refused: Vec<String> = needed.filter(|name| reserved.contains(name)).map(|name| harmless(&name)).collect();
        if refused.is_empty() {
            return Ok(());
        }
        let message = format!(
            "the dump creates extensions that only a superuser may create, and {:?} is none: {}: connect as a superuser, and name the owner of the objects with --role",
            self.user,
            refused.join(", ")
        );
        Err(Failure::environment(format!("{:?}", self.target), message))
    }

    /// Refuses disks that certainly have too little space. Where it cannot be known, nothing is refused.
    pub fn refuse_full_disks(&mut self, survey: &Survey, files: Option<&Path>, spool: Option<&Path>) -> Outcome {
        let refuse = |place: &Path, needed_bytes: u64, what: &str| -> Outcome {
            let Ok(facts) = rustix::fs::statvfs(place) else { return Ok(()) };
            let free_bytes = facts.f_bavail.saturating_mul(facts.f_frsize);
            if needed_bytes <= free_bytes {
                return Ok(());
            }
            let message = format!(
                "{what} need {}, and the disk has {} free: make room, or choose another disk",
                size(needed_bytes),
                size(free_bytes)
            );
            Err(Failure::environment(shown(place), message))
        };
        if let (Some(folder), Some(dump)) = (self.local_data_folder(), survey.inspection()) {
            refuse(&folder, dump.uncompressed_bytes(), "the rows of the dump")?;
        }
        if let (Some(spool), Some(len_bytes)) = (spool, survey.report().contents().database_bytes) {
            refuse(spool, len_bytes, "the temporary files of --jobs")?;
        }
        match files {
            Some(files) if !is_url(files) => {
                refuse(folder_of(files), survey.report().contents().document_bytes, "the documents")
            }
            _ => Ok(()),
        }
    }
}
