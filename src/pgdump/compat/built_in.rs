//! Finds built-in objects by their names: [`BuiltIns`].

use std::collections::HashMap;

use super::feature::Feature;
use super::names::{self, Releases};

type Found = HashMap<&'static [u8], (&'static str, u16)>;

/// The names that are new in the releases between that of the target and that of the dump.
pub(super) struct BuiltIns {
    functions: Found,
    types: Found,
    collations: Found,
    text_search: Found,
    roles: Found,
    operator_classes: Found,
    settings: Found,
    relations: Found,
    majors: (u16, u16),
}

impl BuiltIns {
    pub(super) fn between(majors: (u16, u16)) -> Self {
        Self {
            functions: names::between(names::FUNCTIONS, majors),
            types: names::between(names::TYPES, majors),
            collations: names::between(names::COLLATIONS, majors),
            text_search: names::between(names::TEXT_SEARCH, majors),
            roles: names::between(names::ROLES, majors),
            operator_classes: names::between(names::OPERATOR_CLASSES, majors),
            settings: names::between(names::SETTINGS, majors),
            relations: names::between(names::RELATIONS, majors),
            majors,
        }
    }

    /// Returns the built-in function with this name. Dumps qualify all other functions with their schema.
    pub(super) fn function(&self, name: &[u8]) -> Option<Feature> {
        self.functions.get(name).map(|(name, since_major)| Feature::Function { name, since_major: *since_major })
    }

    pub(super) fn role(&self, name: &[u8]) -> Option<Feature> {
        self.roles.get(name).map(|(name, since_major)| Feature::PredefinedRole { name, since_major: *since_major })
    }

    pub(super) fn data_type(&self, name: &[u8]) -> Option<Feature> {
        if is_multirange(name) {
            return Some(Feature::Multirange);
        }
        built_in("type", self.types.get(name))
    }

    pub(super) fn collation(&self, name: &[u8]) -> Option<Feature> {
        built_in("collation", self.collations.get(name))
    }

    /// Returns the text search configuration or dictionary with this name.
    pub(super) fn text_search(&self, name: &[u8]) -> Option<Feature> {
        built_in("text search configuration or dictionary", self.text_search.get(name))
    }

    pub(super) fn operator_class(&self, name: &[u8]) -> Option<Feature> {
        let found = self.operator_classes.get(name)?;
        if name.ends_with(b"_minmax_multi_ops") || name.ends_with(b"_bloom_ops") {
            return Some(Feature::BrinMulti);
        }
        built_in("operator class", Some(found))
    }

    pub(super) fn setting(&self, name: &[u8]) -> Option<Feature> {
        built_in("setting", self.settings.get(name))
    }

    pub(super) fn database_setting(&self, name: &[u8]) -> Option<Feature> {
        let (name, since_major) = self.settings.get(name)?;
        Some(Feature::DatabaseSetting { name, since_major: *since_major })
    }

    /// Returns the table or view of the system catalogs or the information schema with this name.
    pub(super) fn relation(&self, name: &[u8]) -> Option<Feature> {
        built_in("system relation", self.relations.get(name))
    }

    /// Returns the columns that a relation of the system catalogs has gained, each with the release.
    pub(super) fn columns(&self, relation: &[u8]) -> Vec<(&'static str, u16)> {
        let mut found = Vec::new();
        for (since_major, relations) in names::COLUMNS {
            if !(self.majors.0 < *since_major && *since_major <= self.majors.1) {
                continue;
            }
            let of_relation = relations.split_ascii_whitespace().filter_map(|relation| relation.split_once(':'));
            for (_, columns) in of_relation.filter(|(name, _)| name.as_bytes() == relation) {
                found.extend(columns.split(',').map(|column| (column, *since_major)));
            }
        }
        found
    }

    /// Returns the storage parameter of a table, view or index with this name.
    pub(super) fn storage_parameter(&self, name: &[u8]) -> Option<Feature> {
        if name == b"security_invoker" {
            return Some(Feature::SecurityInvoker);
        }
        listed("storage parameter", STORAGE_PARAMETERS, name)
    }

    /// Returns the option of `CREATE SUBSCRIPTION` with this name.
    pub(super) fn subscription_option(&self, name: &[u8]) -> Option<Feature> {
        let (name, since_major) = names::find(SUBSCRIPTION_OPTIONS, name)?;
        Some(Feature::SubscriptionOption { name, since_major })
    }

    /// Returns the option of a server, table or user mapping of postgres_fdw with this name.
    pub(super) fn foreign_option(&self, name: &[u8]) -> Option<Feature> {
        listed("option of postgres_fdw", FOREIGN_OPTIONS, name)
    }

    /// Returns the extension of PostgreSQL's own distribution with this name.
    pub(super) fn extension(&self, name: &[u8]) -> Option<Feature> {
        listed("extension", EXTENSIONS, name)
    }

    /// Returns an older function that has gained a form with this number of arguments.
    pub(super) fn overload(&self, name: &[u8], arguments_count: u32) -> Option<Feature> {
        let found = OVERLOADS.iter().find(|(known, count, ..)| known.as_bytes() == name && *count == arguments_count);
        found.map(|(_, _, since_major, name)| Feature::Function { name, since_major: *since_major })
    }
}

fn built_in(kind: &'static str, found: Option<&(&'static str, u16)>) -> Option<Feature> {
    found.map(|(name, since_major)| Feature::BuiltIn { kind, name, since_major: *since_major })
}

fn listed(kind: &'static str, releases: Releases, name: &[u8]) -> Option<Feature> {
    let (name, since_major) = names::find(releases, name)?;
    Some(Feature::BuiltIn { kind, name, since_major })
}

/// Returns `true` for multirange types, and for the pseudo-types that accept any of them.
fn is_multirange(name: &[u8]) -> bool {
    name.ends_with(b"multirange")
        && matches!(
            name,
            b"int4multirange"
                | b"int8multirange"
                | b"nummultirange"
                | b"tsmultirange"
                | b"tstzmultirange"
                | b"datemultirange"
                | b"anymultirange"
                | b"anycompatiblemultirange"
        )
}

/// Parameters in `WITH` of tables, materialized views and indexes (reloptions.c).
const STORAGE_PARAMETERS: Releases = &[
    (11, "toast_tuple_target vacuum_cleanup_index_scale_factor"),
    (12, "vacuum_truncate vacuum_index_cleanup"),
    (13, "autovacuum_vacuum_insert_threshold autovacuum_vacuum_insert_scale_factor deduplicate_items"),
    (18, "autovacuum_vacuum_max_threshold vacuum_max_eager_freeze_failure_rate"),
    (19, "log_autoanalyze_min_duration autovacuum_parallel_workers"),
];

const SUBSCRIPTION_OPTIONS: Releases = &[
    (14, "binary streaming"),
    (15, "disable_on_error two_phase"),
    (16, "origin password_required run_as_owner"),
    (17, "failover"),
    (19, "max_retention_duration retain_dead_tuples"),
];

/// Options of the wrapper itself and of libpq (contrib/postgres_fdw/option.c, fe-connect.c).
const FOREIGN_OPTIONS: Releases = &[
    (12, "gssencmode"),
    (13, "channel_binding password_required ssl_min_protocol_version ssl_max_protocol_version sslpassword"),
    (14, "async_capable batch_size keep_connections sslcrldir sslsni truncatable"),
    (15, "parallel_commit"),
    (16, "analyze_sampling gssdelegation load_balance_hosts parallel_abort require_auth sslcertmode"),
    (17, "sslnegotiation"),
    (18, "max_protocol_version min_protocol_version sslkeylogfile use_scram_passthrough"),
];

const EXTENSIONS: Releases = &[
    (11, "jsonb_plperl jsonb_plperlu jsonb_plpython3u"),
    (13, "bool_plperl bool_plperlu"),
    (14, "old_snapshot pg_surgery"),
    (15, "pg_walinspect basebackup_to_shell"),
    (18, "pg_logicalinspect"),
    (19, "pg_plan_advice"),
];

/// Functions that have gained a number of arguments: the name, the number, the release, and a description.
const OVERLOADS: &[(&str, u32, u16, &str)] = &[
    ("date_trunc", 3, 12, "date_trunc with a time zone"),
    ("pg_terminate_backend", 2, 14, "pg_terminate_backend with a time limit"),
    ("range_merge", 1, 14, "range_merge of a multirange"),
    ("regexp_replace", 5, 15, "regexp_replace with a position and a number"),
    ("regexp_replace", 6, 15, "regexp_replace with a position, a number and flags"),
    ("generate_series", 4, 16, "generate_series with a time zone"),
    ("pg_read_file", 2, 16, "pg_read_file with a flag for missing files"),
    ("pg_read_binary_file", 2, 16, "pg_read_binary_file with a flag for missing files"),
    ("pg_logical_emit_message", 4, 17, "pg_logical_emit_message with a flag"),
    ("pg_stat_reset_shared", 0, 17, "pg_stat_reset_shared without a name"),
    ("pg_stat_reset_slru", 0, 17, "pg_stat_reset_slru without a name"),
    ("random", 2, 17, "random with a range"),
    ("timezone", 1, 17, "timezone with one argument"),
    ("json_strip_nulls", 2, 18, "json_strip_nulls for arrays"),
    ("jsonb_strip_nulls", 2, 18, "jsonb_strip_nulls for arrays"),
];
