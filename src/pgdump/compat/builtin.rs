//! Built-in functions, types and roles that PostgreSQL has since 14 or later (its release notes, and pg_proc.dat).

use super::feature::Feature;

/// Returns the built-in function with this name, which views, defaults, indexes and the like may call. Dumps qualify all
/// other functions with their schema.
pub(super) fn function(name: &[u8]) -> Option<Feature> {
    // SQL/JSON is written in capitals; functions of 13 have some of the same names in small letters.
    match name {
        b"JSON_OBJECT" | b"JSON_ARRAY" | b"JSON_OBJECTAGG" | b"JSON_ARRAYAGG" => return Some(Feature::JsonConstructor),
        b"JSON_EXISTS" | b"JSON_QUERY" | b"JSON_VALUE" | b"JSON_SCALAR" | b"JSON_SERIALIZE" | b"JSON" => {
            return Some(Feature::JsonQuery);
        }
        b"JSON_TABLE" => return Some(Feature::JsonTable),
        _ => {}
    }
    let (name, since_major) = match name {
        b"bit_count" => ("bit_count", 14),
        b"bit_xor" => ("bit_xor", 14),
        b"date_bin" => ("date_bin", 14),
        b"multirange" => ("multirange", 14),
        b"range_agg" => ("range_agg", 14),
        b"range_intersect_agg" => ("range_intersect_agg", 14),
        b"string_to_table" => ("string_to_table", 14),
        b"trim_array" => ("trim_array", 14),
        b"unistr" => ("unistr", 14),
        b"regexp_count" => ("regexp_count", 15),
        b"regexp_instr" => ("regexp_instr", 15),
        b"regexp_like" => ("regexp_like", 15),
        b"regexp_substr" => ("regexp_substr", 15),
        b"any_value" => ("any_value", 16),
        b"array_sample" => ("array_sample", 16),
        b"array_shuffle" => ("array_shuffle", 16),
        b"date_add" => ("date_add", 16),
        b"date_subtract" => ("date_subtract", 16),
        b"erf" => ("erf", 16),
        b"erfc" => ("erfc", 16),
        b"pg_input_is_valid" => ("pg_input_is_valid", 16),
        b"pg_input_error_info" => ("pg_input_error_info", 16),
        b"random_normal" => ("random_normal", 16),
        b"to_bin" => ("to_bin", 17),
        b"to_oct" => ("to_oct", 17),
        b"unicode_assigned" => ("unicode_assigned", 17),
        b"uuid_extract_timestamp" => ("uuid_extract_timestamp", 17),
        b"uuid_extract_version" => ("uuid_extract_version", 17),
        b"xmltext" => ("xmltext", 17),
        b"array_reverse" => ("array_reverse", 18),
        b"array_sort" => ("array_sort", 18),
        b"casefold" => ("casefold", 18),
        b"crc32" => ("crc32", 18),
        b"crc32c" => ("crc32c", 18),
        b"gamma" => ("gamma", 18),
        b"lgamma" => ("lgamma", 18),
        b"uuidv4" => ("uuidv4", 18),
        b"uuidv7" => ("uuidv7", 18),
        _ => return None,
    };
    Some(Feature::Function { name, since_major })
}

/// Returns the role with this name that every server has since a certain release.
pub(super) fn role(name: &[u8]) -> Option<Feature> {
    let (name, since_major) = match name {
        b"pg_database_owner" => ("pg_database_owner", 14),
        b"pg_read_all_data" => ("pg_read_all_data", 14),
        b"pg_write_all_data" => ("pg_write_all_data", 14),
        b"pg_checkpoint" => ("pg_checkpoint", 15),
        b"pg_create_subscription" => ("pg_create_subscription", 16),
        b"pg_use_reserved_connections" => ("pg_use_reserved_connections", 16),
        b"pg_maintain" => ("pg_maintain", 17),
        b"pg_signal_autovacuum_worker" => ("pg_signal_autovacuum_worker", 18),
        _ => return None,
    };
    Some(Feature::PredefinedRole { name, since_major })
}

/// Returns `true` for multirange types, and for the pseudo-types that accept any of them.
pub(super) fn is_multirange(name: &[u8]) -> bool {
    matches!(
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

/// Returns the option of `CREATE SUBSCRIPTION` with this name.
pub(super) fn subscription_option(name: &[u8]) -> Option<Feature> {
    let (name, since_major) = match name {
        b"binary" => ("binary", 14),
        b"streaming" => ("streaming", 14),
        b"disable_on_error" => ("disable_on_error", 15),
        b"two_phase" => ("two_phase", 15),
        b"origin" => ("origin", 16),
        b"password_required" => ("password_required", 16),
        b"run_as_owner" => ("run_as_owner", 16),
        b"failover" => ("failover", 17),
        b"max_retention_duration" => ("max_retention_duration", 19),
        b"retain_dead_tuples" => ("retain_dead_tuples", 19),
        _ => return None,
    };
    Some(Feature::SubscriptionOption { name, since_major })
}
