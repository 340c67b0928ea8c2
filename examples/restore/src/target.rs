//! The database that is replaced, and a new one like it.

use std::path::Path;

use postgres::Row;

use crate::marks::{Names, Role};
use crate::server::{Server, identifier, literal, sql_failure, text_of};
use crate::support::{Failure, Outcome};

/// The target as it is before the restore.
#[derive(Clone, Debug)]
pub struct Target {
    pub oid: u32,
    pub owner: String,
    pub encoding: String,
    creation: String,
    connection_limit: i32,
    pub comment: Option<String>,
    pub is_template: bool,
    pub allows_connections: bool,
}

impl Server {
    /// Describes the target; `None` if there is none.
    pub fn describe_target(&mut self) -> Outcome<Option<Target>> {
        let locale = match self.major {
            ..=14 => "null::text, null::text, null::text",
            15 => "datlocprovider::text, daticulocale, null::text",
            16 => "datlocprovider::text, daticulocale, daticurules",
            _ => "datlocprovider::text, datlocale, daticurules",
        };
        let sql = format!(
            "select d.oid, pg_get_userbyid(datdba)::text, pg_encoding_to_char(encoding)::text, datcollate::text, datctype::text,
                    nullif(spcname, (select s.spcname from pg_tablespace s join pg_database on s.oid = dattablespace
                                     where datname = 'template0'))::text,
                    datconnlimit, shobj_description(d.oid, 'pg_database'), {locale}, datistemplate, datallowconn
             from pg_database d join pg_tablespace t on t.oid = d.dattablespace where datname = $1"
        );
        let row = self.client.query_opt(&sql, &[&self.target]).map_err(|error| sql_failure("pg_database", &error))?;
        Ok(row.map(|row| Target {
            oid: row.get(0),
            owner: row.get(1),
            encoding: row.get(2),
            creation: creation(&row),
            connection_limit: row.get(6),
            comment: row.get(7),
            is_template: row.get(11),
            allows_connections: row.get(12),
        }))
    }

    /// Creates the new database, like the target if there is one.
    pub fn create_new(
        &mut self,
        names: &Names,
        target: Option<&Target>,
        encoding: &str,
        files: Option<&Path>,
    ) -> Outcome<u32> {
        let mut options =
            target.map_or_else(|| format!("ENCODING {}", literal(encoding)), |target| target.creation.clone());
        if let Some(target) = target {
            options = format!("OWNER {} {options}", identifier(&target.owner));
        }
        self.execute(&format!("CREATE DATABASE {} TEMPLATE template0 {options}", identifier(&names.new)))?;
        self.mark(&names.new, names, Role::New, files)?;
        let oid = self.oid_of(&names.new)?;
        oid.ok_or_else(|| {
            Failure::environment(names.new.clone(), "the new database is gone: another program dropped it")
        })
    }

    /// Gives the new database the rights and the settings of the target.
    pub fn pass_on(&mut self, names: &Names, target: &Target) -> Outcome {
        let sql = self.rights_and_settings(names, target)?;
        self.execute(&sql)
    }

    /// Finds out whether this role may do that, before hours of work. The rights and settings are not in effect while rows
    /// are restored.
    pub fn rehearse_pass_on(&mut self, names: &Names, target: &Target) -> Outcome {
        let sql = self.rights_and_settings(names, target)?;
        let rehearsed = self.client.batch_execute(&format!("BEGIN;\n{sql}"));
        let undone = self.client.batch_execute("ROLLBACK");
        rehearsed.map_err(|error| {
            let message = format!(
                "{}: the rights and settings of the database cannot be given to the new one: connect as a role that may, or reset them",
                text_of(&error)
            );
            Failure::environment(format!("{:?}", self.target), message)
        })?;
        undone.map_err(|error| sql_failure("ROLLBACK", &error))
    }

    /// Returns the SQL that gives the new database the rights and the settings of the target.
    fn rights_and_settings(&mut self, names: &Names, target: &Target) -> Outcome<String> {
        let new = identifier(&names.new);
        let mut sql = format!("ALTER DATABASE {new} CONNECTION LIMIT {};\n", target.connection_limit);
        let rights = self.client.query(
            "select case when a.grantee = 0 then 'PUBLIC' else quote_ident(pg_get_userbyid(a.grantee)) end, a.privilege_type, a.is_grantable
             from pg_database d, aclexplode(d.datacl) a where d.oid = $1 and a.grantee <> d.datdba",
            &[&target.oid],
        );
        let has_rights =
            self.client.query_one("select datacl is not null from pg_database where oid = $1", &[&target.oid]);
        let settings = self.client.query(
            "select case when setrole = 0 then '' else quote_ident(pg_get_userbyid(setrole)) end, unnest(setconfig)
             from pg_db_role_setting where setdatabase = $1",
            &[&target.oid],
        );
        let failed = |error: postgres::Error| sql_failure("reading the rights and settings of the database", &error);
        if has_rights.map_err(failed)?.get(0) {
            sql += &format!("REVOKE ALL ON DATABASE {new} FROM PUBLIC;\n");
            for row in rights.map_err(failed)? {
                let (role, right, may_grant): (String, String, bool) = (row.get(0), row.get(1), row.get(2));
                let more = if may_grant { " WITH GRANT OPTION" } else { "" };
                sql += &format!("GRANT {right} ON DATABASE {new} TO {role}{more};\n");
            }
        }
        for row in settings.map_err(failed)? {
            let (role, setting): (String, String) = (row.get(0), row.get(1));
            let Some((name, value)) = setting.split_once('=') else { continue };
            let subject = if role.is_empty() { "DATABASE".to_owned() } else { format!("ROLE {role} IN DATABASE") };
            // Lists are stored as they are written, with the quotes of their elements.
            let value = if is_list(name) { value.to_owned() } else { literal(value) };
            let value = if value.is_empty() { "''".to_owned() } else { value };
            sql += &format!("ALTER {subject} {new} SET {} TO {value};\n", setting_name(name));
        }
        Ok(sql)
    }
}

/// Returns the options that create a database like this one.
fn creation(row: &Row) -> String {
    let text = |index| row.get::<_, Option<String>>(index);
    let mut sql = String::new();
    for (name, value) in [("ENCODING", text(2)), ("LC_COLLATE", text(3)), ("LC_CTYPE", text(4))] {
        if let Some(value) = value {
            sql += &format!("{name} {} ", literal(&value));
        }
    }
    let locale = text(9).map(|value| literal(&value));
    match (text(8).as_deref(), locale) {
        (Some("i"), Some(locale)) => sql += &format!("LOCALE_PROVIDER icu ICU_LOCALE {locale} "),
        (Some("b"), Some(locale)) => sql += &format!("LOCALE_PROVIDER builtin BUILTIN_LOCALE {locale} "),
        (Some("c"), _) => sql += "LOCALE_PROVIDER libc ",
        _ => {}
    }
    if let Some(rules) = text(10) {
        sql += &format!("ICU_RULES {} ", literal(&rules));
    }
    // To name the tablespace that a database has anyway takes rights to it.
    if let Some(tablespace) = text(5) {
        sql += &format!("TABLESPACE {}", identifier(&tablespace));
    }
    sql
}

/// Settings whose values are lists.
fn is_list(name: &str) -> bool {
    [
        "search_path",
        "local_preload_libraries",
        "session_preload_libraries",
        "shared_preload_libraries",
        "temp_tablespaces",
        "unix_socket_directories",
    ]
    .contains(&name)
}

/// Custom settings have a prefix and a dot.
fn setting_name(name: &str) -> String {
    name.split('.').map(identifier).collect::<Vec<_>>().join(".")
}
