//! Properties of the replaced database that the new one will lack, shown before anything changes.

use std::collections::BTreeSet;

use appsnap::restore::Survey;

use crate::server::Server;
use crate::support::harmless;

/// Names that are listed.
const SHOWN_COUNT: usize = 10;

/// Returns warnings. They are about what can be seen: a database that cannot be connected to has none.
pub fn warnings(server: &Server, survey: &Survey) -> Vec<String> {
    let Ok(mut client) = server.open(&server.target) else { return Vec::new() };
    let mut names = |sql: &str| -> BTreeSet<String> {
        client.query(sql, &[]).map(|rows| rows.iter().map(|row| row.get(0)).collect()).unwrap_or_default()
    };
    let mut warnings = Vec::new();
    let restored: BTreeSet<String> =
        survey.extensions().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let extensions: BTreeSet<String> = names("select extname::text from pg_extension where extname <> 'plpgsql'");
    let lost: Vec<&String> = extensions.difference(&restored).collect();
    if !lost.is_empty() {
        let list = listed(lost);
        warnings.push(format!(
            "the snapshot does not create extensions that the database has: {list}: create them again afterwards if they are needed"
        ));
    }
    let roles = names(
        "with rights as (
             select relowner as owner, relacl as acl from pg_class where relnamespace::regnamespace::text !~ '^(pg_|information_schema)'
             union all select nspowner, nspacl from pg_namespace where nspname !~ '^(pg_|information_schema)'
             union all select defaclrole, defaclacl from pg_default_acl
         )
         select distinct pg_get_userbyid(grantee)::text from rights, aclexplode(acl)
         where acl is not null and grantee <> 0 and grantee <> owner
           and grantee not in (select oid from pg_roles where rolname ~ '^pg_')",
    );
    if !roles.is_empty() {
        let list = listed(roles.iter());
        warnings.push(format!(
            "other roles have rights to tables or schemas of the database, which are not restored: {list}: grant them again afterwards"
        ));
    }
    warnings
}

fn listed<'a>(names: impl IntoIterator<Item = &'a String>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| harmless(name)).collect();
    let more = names.len().saturating_sub(SHOWN_COUNT);
    let list = names.iter().take(SHOWN_COUNT).cloned().collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{list} and {more} more") } else { list }
}
