//! The names that PostgreSQL has built in since 11 or later, from the system catalogs of the releases 10 to 18.

use std::collections::HashMap;

/// The built-in objects of one kind: the names that are new in a major release, separated by white space.
pub(super) type Releases = &'static [(u16, &'static str)];

/// Returns the names that are new in the releases after the first and up to the second, each with its release.
pub(super) fn between(releases: Releases, majors: (u16, u16)) -> HashMap<&'static [u8], (&'static str, u16)> {
    let wanted = releases.iter().filter(|(since, _)| majors.0 < *since && *since <= majors.1);
    let names = wanted.flat_map(|(since, names)| names.split_ascii_whitespace().map(|name| (name, *since)));
    names.map(|(name, since)| (name.as_bytes(), (name, since))).collect()
}

/// Returns the name in a list, with its release.
pub(super) fn find(releases: Releases, name: &[u8]) -> Option<(&'static str, u16)> {
    releases.iter().find_map(|(since, names)| {
        let name = names.split_ascii_whitespace().find(|known| known.as_bytes() == name)?;
        Some((name, *since))
    })
}

/// Functions, aggregates included. A dump qualifies all others with their schema.
#[rustfmt::skip]
pub(super) const FUNCTIONS: Releases = &[
    (11, "\
        hash_aclitem_extended hash_array_extended hash_numeric_extended hash_range_extended hashbpcharextended \
        hashcharextended hashenumextended hashfloat4extended hashfloat8extended hashinetextended hashint2extended \
        hashint4extended hashint8extended hashmacaddr8extended hashmacaddrextended hashnameextended hashoidextended \
        hashoidvectorextended hashtextextended hashvarlenaextended in_range interval_hash_extended json_to_tsvector \
        jsonb_hash_extended jsonb_to_tsvector pg_jit_available pg_lsn_hash_extended pg_read_file_old \
        pg_replication_slot_advance pg_rotate_logfile_old prefixjoinsel prefixsel satisfies_hash_partition \
        scalargejoinsel scalargesel scalarlejoinsel scalarlesel sha224 sha256 sha384 sha512 spg_bbox_quad_config \
        spg_poly_quad_compress starts_with time_hash_extended timestamp_hash_extended timetz_hash_extended \
        uuid_hash_extended websearch_to_tsquery"),
    (12, "\
        acosh array_unnest_support asinh atanh btnametextcmp bttextnamecmp cosh generate_series_int4_support \
        generate_series_int8_support hashtid hashtidextended heap_tableam_handler interval_support jsonb_path_exists \
        jsonb_path_exists_opr jsonb_path_match jsonb_path_match_opr jsonb_path_query jsonb_path_query_array \
        jsonb_path_query_first jsonpath_in jsonpath_out jsonpath_recv jsonpath_send log10 nameconcatoid nameeqtext \
        namegetext namegttext nameletext namelttext namenetext network_subset_support numeric_support \
        pg_copy_logical_replication_slot pg_copy_physical_replication_slot pg_indexam_progress_phasename \
        pg_ls_archive_statusdir pg_ls_tmpdir pg_mcv_list_in pg_mcv_list_items pg_mcv_list_out pg_mcv_list_recv \
        pg_mcv_list_send pg_nextoid pg_partition_ancestors pg_partition_root pg_partition_tree pg_promote \
        pg_stat_get_db_checksum_failures pg_stat_get_db_checksum_last_failure sinh table_am_handler_in \
        table_am_handler_out tanh texteqname textgename textgtname texticlike_support texticregexeq_support textlename \
        textlike_support textltname textnename textregexeq_support time_support timestamp_support varbit_support \
        varchar_support"),
    (13, "\
        anycompatible_in anycompatible_out anycompatiblearray_in anycompatiblearray_out anycompatiblearray_recv \
        anycompatiblearray_send anycompatiblenonarray_in anycompatiblenonarray_out anycompatiblerange_in \
        anycompatiblerange_out btequalimage btvarstrequalimage dist_bl dist_bp dist_bs dist_lp dist_ls dist_pathp \
        dist_polyc dist_sp gcd gen_random_uuid gist_box_distance gtsvector_options is_normalized jsonb_path_exists_tz \
        jsonb_path_match_tz jsonb_path_query_array_tz jsonb_path_query_first_tz jsonb_path_query_tz jsonb_set_lax lcm \
        matchingjoinsel matchingsel min_scale network_sortsupport normalize pg_current_snapshot pg_current_xact_id \
        pg_current_xact_id_if_assigned pg_get_shmem_allocations pg_lsn_larger pg_lsn_smaller pg_snapshot_in \
        pg_snapshot_out pg_snapshot_recv pg_snapshot_send pg_snapshot_xip pg_snapshot_xmax pg_snapshot_xmin \
        pg_stat_get_ins_since_vacuum pg_stat_get_slru pg_stat_reset_slru pg_visible_in_snapshot pg_xact_status \
        regcollationin regcollationout regcollationrecv regcollationsend similar_to_escape to_regcollation trim_scale \
        xid8cmp xid8eq xid8ge xid8gt xid8in xid8le xid8lt xid8ne xid8out xid8recv xid8send"),
    (14, "\
        anycompatiblemultirange_in anycompatiblemultirange_out anymultirange_in anymultirange_out \
        array_subscript_handler bit_count bit_xor brin_bloom_add_value brin_bloom_consistent brin_bloom_opcinfo \
        brin_bloom_options brin_bloom_summary_in brin_bloom_summary_out brin_bloom_summary_recv \
        brin_bloom_summary_send brin_bloom_union brin_minmax_multi_add_value brin_minmax_multi_consistent \
        brin_minmax_multi_distance_date brin_minmax_multi_distance_float4 brin_minmax_multi_distance_float8 \
        brin_minmax_multi_distance_inet brin_minmax_multi_distance_int2 brin_minmax_multi_distance_int4 \
        brin_minmax_multi_distance_int8 brin_minmax_multi_distance_interval brin_minmax_multi_distance_macaddr \
        brin_minmax_multi_distance_macaddr8 brin_minmax_multi_distance_numeric brin_minmax_multi_distance_pg_lsn \
        brin_minmax_multi_distance_tid brin_minmax_multi_distance_time brin_minmax_multi_distance_timestamp \
        brin_minmax_multi_distance_timetz brin_minmax_multi_distance_uuid brin_minmax_multi_opcinfo \
        brin_minmax_multi_options brin_minmax_multi_summary_in brin_minmax_multi_summary_out \
        brin_minmax_multi_summary_recv brin_minmax_multi_summary_send brin_minmax_multi_union date_bin datemultirange \
        elem_contained_by_multirange gist_point_sortsupport hash_multirange hash_multirange_extended hash_record \
        hash_record_extended int4multirange int8multirange jsonb_subscript_handler multirange \
        multirange_adjacent_multirange multirange_adjacent_range multirange_after_multirange multirange_after_range \
        multirange_before_multirange multirange_before_range multirange_cmp multirange_contained_by_multirange \
        multirange_contained_by_range multirange_contains_elem multirange_contains_multirange \
        multirange_contains_range multirange_eq multirange_ge multirange_gist_compress multirange_gist_consistent \
        multirange_gt multirange_in multirange_intersect multirange_intersect_agg_transfn multirange_le multirange_lt \
        multirange_minus multirange_ne multirange_out multirange_overlaps_multirange multirange_overlaps_range \
        multirange_overleft_multirange multirange_overleft_range multirange_overright_multirange \
        multirange_overright_range multirange_recv multirange_send multirange_typanalyze multirange_union \
        multirangesel numeric_pl_pg_lsn nummultirange pg_column_compression pg_get_backend_memory_contexts \
        pg_get_catalog_foreign_keys pg_get_function_sqlbody pg_get_statisticsobjdef_columns \
        pg_get_statisticsobjdef_expressions pg_get_wal_replay_pause_state pg_log_backend_memory_contexts pg_lsn_mii \
        pg_lsn_pli pg_stat_get_db_active_time pg_stat_get_db_idle_in_transaction_time pg_stat_get_db_session_time \
        pg_stat_get_db_sessions pg_stat_get_db_sessions_abandoned pg_stat_get_db_sessions_fatal \
        pg_stat_get_db_sessions_killed pg_stat_get_replication_slot pg_stat_get_wal pg_stat_reset_replication_slot \
        pg_xact_commit_timestamp_origin range_adjacent_multirange range_after_multirange range_agg range_agg_finalfn \
        range_agg_transfn range_before_multirange range_contained_by_multirange range_contains_multirange \
        range_intersect_agg range_intersect_agg_transfn range_overlaps_multirange range_overleft_multirange \
        range_overright_multirange raw_array_subscript_handler string_to_table trim_array tsmultirange tstzmultirange \
        unistr"),
    (15, "\
        has_parameter_privilege int8inc_support multirange_agg_finalfn multirange_agg_transfn pg_backup_start \
        pg_backup_stop pg_database_collation_actual_version pg_get_wal_resource_managers pg_ident_file_mappings \
        pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_replslotdir pg_settings_get_flags pg_stat_force_next_flush \
        pg_stat_get_recovery_prefetch pg_stat_get_subscription_stats pg_stat_have_stats \
        pg_stat_reset_subscription_stats pg_stop_making_pinned_objects regexp_count regexp_instr regexp_like \
        regexp_substr text_starts_with_support window_dense_rank_support window_rank_support window_row_number_support \
        xid8_larger xid8_smaller"),
    (16, "\
        any_value any_value_transfn array_agg_array_combine array_agg_array_deserialize array_agg_array_serialize \
        array_agg_combine array_agg_deserialize array_agg_serialize array_sample array_shuffle date_add date_subtract \
        erf erfc json_agg_strict json_agg_strict_transfn json_object_agg_strict json_object_agg_strict_transfn \
        json_object_agg_unique json_object_agg_unique_strict json_object_agg_unique_strict_transfn \
        json_object_agg_unique_transfn jsonb_agg_strict jsonb_agg_strict_transfn jsonb_object_agg_strict \
        jsonb_object_agg_strict_transfn jsonb_object_agg_unique jsonb_object_agg_unique_strict \
        jsonb_object_agg_unique_strict_transfn jsonb_object_agg_unique_transfn pg_input_error_info pg_input_is_valid \
        pg_log_standby_snapshot pg_split_walfile_name pg_stat_get_backend_subxact pg_stat_get_db_conflict_logicalslot \
        pg_stat_get_io pg_stat_get_lastscan pg_stat_get_tuples_newpage_updated pg_stat_get_xact_tuples_newpage_updated \
        random_normal string_agg_combine string_agg_deserialize string_agg_serialize window_cume_dist_support \
        window_ntile_support window_percent_rank_support"),
    (17, "\
        elem_contained_by_range_support icu_unicode_version interval_avg_accum interval_avg_accum_inv \
        interval_avg_combine interval_avg_deserialize interval_avg_serialize interval_sum jsonb_populate_record_valid \
        pg_available_wal_summaries pg_basetype pg_column_toast_chunk_id pg_get_wait_events pg_get_wal_summarizer_state \
        pg_stat_get_checkpointer_buffers_written pg_stat_get_checkpointer_num_requested \
        pg_stat_get_checkpointer_num_timed pg_stat_get_checkpointer_restartpoints_performed \
        pg_stat_get_checkpointer_restartpoints_requested pg_stat_get_checkpointer_restartpoints_timed \
        pg_stat_get_checkpointer_stat_reset_time pg_stat_get_checkpointer_sync_time \
        pg_stat_get_checkpointer_write_time pg_sync_replication_slots pg_wal_summary_contents \
        range_contains_elem_support to_bin to_oct to_regtypemod unicode_assigned unicode_version \
        uuid_extract_timestamp uuid_extract_version xmltext"),
    (18, "\
        array_append_support array_prepend_support array_reverse array_sort array_subscript_handler_support \
        btboolskipsupport btcharskipsupport btint2skipsupport btint4skipsupport btint8skipsupport btoidskipsupport \
        bytea_larger bytea_smaller casefold crc32 crc32c date_skipsupport gamma generate_series_numeric_support \
        generate_series_timestamp_support gist_translate_cmptype_common has_largeobject_privilege hashbool \
        hashboolextended hashbytea hashbyteaextended hashcid hashcidextended hashdate hashdateextended hashxid \
        hashxid8 hashxid8extended hashxidextended lgamma pg_clear_attribute_stats pg_clear_relation_stats pg_get_acl \
        pg_get_aios pg_get_loaded_modules pg_get_sequence_data pg_get_shmem_allocations_numa pg_ls_summariesdir \
        pg_numa_available pg_restore_attribute_stats pg_restore_relation_stats pg_stat_get_backend_io \
        pg_stat_get_backend_wal pg_stat_get_checkpointer_num_performed pg_stat_get_checkpointer_slru_written \
        pg_stat_get_db_parallel_workers_launched pg_stat_get_db_parallel_workers_to_launch \
        pg_stat_get_total_analyze_time pg_stat_get_total_autoanalyze_time pg_stat_get_total_autovacuum_time \
        pg_stat_get_total_vacuum_time pg_stat_reset_backend_stats pg_timezone_abbrevs_abbrevs pg_timezone_abbrevs_zone \
        range_sortsupport record_larger record_smaller timestamp_skipsupport timestamptz_hash \
        timestamptz_hash_extended uuid_skipsupport uuidv4 uuidv7"),
];

/// Types, pseudo-types included.
#[rustfmt::skip]
pub(super) const TYPES: Releases = &[
    (12, "\
        jsonpath pg_mcv_list table_am_handler"),
    (13, "\
        anycompatible anycompatiblearray anycompatiblenonarray anycompatiblerange pg_snapshot regcollation xid8"),
    (14, "\
        anycompatiblemultirange anymultirange datemultirange int4multirange int8multirange nummultirange \
        pg_brin_bloom_summary pg_brin_minmax_multi_summary tsmultirange tstzmultirange"),
];

/// Collations that do not depend on the operating system.
#[rustfmt::skip]
pub(super) const COLLATIONS: Releases = &[
    (16, "\
        unicode"),
    (17, "\
        pg_c_utf8"),
    (18, "\
        pg_unicode_fast"),
];

/// Text search configurations and dictionaries; snowball knows the languages by the same names.
#[rustfmt::skip]
pub(super) const TEXT_SEARCH: Releases = &[
    (12, "\
        arabic arabic_stem indonesian indonesian_stem irish irish_stem lithuanian lithuanian_stem nepali nepali_stem \
        tamil tamil_stem"),
    (13, "\
        greek greek_stem"),
    (14, "\
        armenian armenian_stem basque basque_stem catalan catalan_stem hindi hindi_stem serbian serbian_stem yiddish \
        yiddish_stem"),
    (18, "\
        estonian estonian_stem"),
];

/// Predefined roles.
#[rustfmt::skip]
pub(super) const ROLES: Releases = &[
    (11, "\
        pg_execute_server_program pg_read_server_files pg_write_server_files"),
    (14, "\
        pg_database_owner pg_read_all_data pg_write_all_data"),
    (15, "\
        pg_checkpoint"),
    (16, "\
        pg_create_subscription pg_use_reserved_connections"),
    (17, "\
        pg_maintain"),
    (18, "\
        pg_signal_autovacuum_worker"),
];

/// Operator classes and families whose names are new.
#[rustfmt::skip]
pub(super) const OPERATOR_CLASSES: Releases = &[
    (13, "\
        xid8_ops"),
    (14, "\
        bpchar_bloom_ops bytea_bloom_ops char_bloom_ops date_bloom_ops date_minmax_multi_ops datetime_bloom_ops \
        datetime_minmax_multi_ops float4_bloom_ops float4_minmax_multi_ops float8_bloom_ops float8_minmax_multi_ops \
        float_bloom_ops float_minmax_multi_ops inet_bloom_ops inet_minmax_multi_ops int2_bloom_ops \
        int2_minmax_multi_ops int4_bloom_ops int4_minmax_multi_ops int8_bloom_ops int8_minmax_multi_ops \
        integer_bloom_ops integer_minmax_multi_ops interval_bloom_ops interval_minmax_multi_ops macaddr8_bloom_ops \
        macaddr8_minmax_multi_ops macaddr_bloom_ops macaddr_minmax_multi_ops multirange_ops name_bloom_ops \
        network_bloom_ops network_minmax_multi_ops numeric_bloom_ops numeric_minmax_multi_ops oid_bloom_ops \
        oid_minmax_multi_ops pg_lsn_bloom_ops pg_lsn_minmax_multi_ops text_bloom_ops tid_bloom_ops \
        tid_minmax_multi_ops time_bloom_ops time_minmax_multi_ops timestamp_bloom_ops timestamp_minmax_multi_ops \
        timestamptz_bloom_ops timestamptz_minmax_multi_ops timetz_bloom_ops timetz_minmax_multi_ops uuid_bloom_ops \
        uuid_minmax_multi_ops"),
];

/// Settings of the server that functions and databases can change.
#[rustfmt::skip]
pub(super) const SETTINGS: Releases = &[
    (11, "\
        data_directory_mode enable_parallel_append enable_parallel_hash enable_partition_pruning \
        enable_partitionwise_aggregate enable_partitionwise_join jit jit_above_cost jit_debugging_support \
        jit_dump_bitcode jit_expressions jit_inline_above_cost jit_optimize_above_cost jit_profiling_support \
        jit_provider jit_tuple_deforming max_parallel_maintenance_workers parallel_leader_participation \
        ssl_passphrase_command ssl_passphrase_command_supports_reload vacuum_cleanup_index_scale_factor"),
    (12, "\
        archive_cleanup_command default_table_access_method log_transaction_sample_rate plan_cache_mode \
        primary_conninfo primary_slot_name promote_trigger_file recovery_end_command recovery_min_apply_delay \
        recovery_target recovery_target_action recovery_target_inclusive recovery_target_lsn recovery_target_name \
        recovery_target_time recovery_target_timeline recovery_target_xid restore_command \
        shared_memory_type ssl_library ssl_max_protocol_version \
        ssl_min_protocol_version tcp_user_timeout wal_init_zero wal_recycle"),
    (13, "\
        autovacuum_vacuum_insert_scale_factor autovacuum_vacuum_insert_threshold backtrace_functions \
        enable_incremental_sort hash_mem_multiplier ignore_invalid_pages log_min_duration_sample \
        log_parameter_max_length log_parameter_max_length_on_error log_statement_sample_rate logical_decoding_work_mem \
        maintenance_io_concurrency max_slot_wal_keep_size wal_keep_size wal_receiver_create_temp_slot \
        wal_skip_threshold"),
    (14, "\
        client_connection_check_interval compute_query_id debug_discard_caches default_toast_compression \
        enable_async_append enable_memoize huge_page_size idle_session_timeout in_hot_standby \
        log_recovery_conflict_waits min_dynamic_shared_memory recovery_init_sync_method remove_temp_files_after_crash \
        ssl_crl_dir track_wal_io_timing vacuum_failsafe_age vacuum_multixact_failsafe_age"),
    (15, "\
        archive_library log_startup_progress_interval recovery_prefetch recursive_worktable_factor shared_memory_size \
        shared_memory_size_in_huge_pages stats_fetch_consistency wal_decode_buffer_size"),
    (16, "\
        createrole_self_grant debug_io_direct debug_logical_replication_streaming debug_parallel_query \
        enable_presorted_aggregate file_extend_method gss_accept_delegation icu_validation_level \
        max_parallel_apply_workers_per_subscription reserved_connections scram_iterations send_abort_for_crash \
        send_abort_for_kill vacuum_buffer_usage_limit"),
    (17, "\
        allow_alter_system commit_timestamp_buffers composite_type_mismatch enable_group_by_reordering event_triggers \
        huge_pages_status io_combine_limit max_notify_queue_pages multixact_member_buffers multixact_offset_buffers \
        notify_buffers output_plugin_libraries serializable_buffers subtransaction_buffers summarize_wal \
        sync_replication_slots synchronized_standby_slots trace_connection_negotiation transaction_buffers \
        transaction_timeout wal_summary_keep_time"),
    (18, "\
        autovacuum_vacuum_max_threshold autovacuum_worker_slots enable_distinct_reordering \
        enable_self_join_elimination extension_control_path file_copy_method idle_replication_slot_timeout \
        io_max_combine_limit io_max_concurrency io_method io_workers log_lock_failures max_active_replication_origins \
        md5_password_warnings num_os_semaphores oauth_validator_libraries ssl_groups ssl_tls13_ciphers \
        track_cost_delay_timing vacuum_max_eager_freeze_failure_rate vacuum_truncate"),
];

/// Tables and views of the system catalogs and the information schema.
#[rustfmt::skip]
pub(super) const RELATIONS: Releases = &[
    (12, "\
        column_column_usage pg_stat_gssapi pg_stat_progress_cluster pg_stat_progress_create_index \
        pg_statistic_ext_data pg_stats_ext"),
    (13, "\
        pg_shmem_allocations pg_stat_progress_analyze pg_stat_progress_basebackup pg_stat_slru"),
    (14, "\
        pg_backend_memory_contexts pg_stat_progress_copy pg_stat_replication_slots pg_stat_wal pg_stats_ext_exprs \
        routine_column_usage routine_routine_usage routine_sequence_usage routine_table_usage"),
    (15, "\
        pg_ident_file_mappings pg_parameter_acl pg_publication_namespace pg_stat_recovery_prefetch \
        pg_stat_subscription_stats"),
    (16, "\
        pg_stat_io"),
    (17, "\
        pg_stat_checkpointer pg_wait_events"),
    (18, "\
        pg_aios pg_shmem_allocations_numa"),
];

/// Columns of older relations of the system catalogs: `relation:column,column`.
#[rustfmt::skip]
pub(super) const COLUMNS: Releases = &[
    (11, "\
        pg_aggregate:aggfinalmodify,aggmfinalmodify pg_attribute:atthasmissing,attmissingval pg_class:relrewrite \
        pg_constraint:conparentid pg_index:indnkeyatts pg_partitioned_table:partdefid pg_proc:prokind \
        pg_publication:pubtruncate pg_stat_wal_receiver:sender_host,sender_port table_constraints:enforced"),
    (12, "\
        pg_attribute:attgenerated pg_collation:collisdeterministic pg_proc:prosupport \
        pg_stat_database:checksum_failures,checksum_last_failure pg_stat_replication:reply_time \
        pg_stat_ssl:client_dn,client_serial,issuer_dn pg_statistic:stacoll1,stacoll2,stacoll3,stacoll4,stacoll5"),
    (13, "\
        pg_available_extension_versions:trusted pg_publication:pubviaroot \
        pg_replication_slots:safe_wal_size,wal_status pg_stat_activity:leader_pid \
        pg_stat_all_tables:n_ins_since_vacuum pg_stat_sys_tables:n_ins_since_vacuum \
        pg_stat_user_tables:n_ins_since_vacuum pg_stat_wal_receiver:flushed_lsn,written_lsn \
        pg_statistic_ext:stxstattarget pg_trigger:tgparentid"),
    (14, "\
        pg_attribute:attcompression pg_inherits:inhdetachpending pg_locks:waitstart \
        pg_prepared_statements:custom_plans,generic_plans pg_proc:prosqlbody pg_range:rngmultitypid \
        pg_replication_slots:two_phase pg_stat_activity:query_id \
        pg_stat_database:active_time,idle_in_transaction_time,session_time,sessions,sessions_abandoned,sessions_fatal,sessions_killed \
        pg_statistic_ext:stxexprs pg_statistic_ext_data:stxdexpr pg_stats_ext:exprs \
        pg_subscription:subbinary,substream pg_type:typsubscript"),
    (15, "\
        pg_collation:colliculocale pg_constraint:confdelsetcols pg_database:datcollversion,daticulocale,datlocprovider \
        pg_index:indnullsnotdistinct pg_publication_rel:prattrs,prqual pg_publication_tables:attnames,rowfilter \
        pg_statistic_ext_data:stxdinherit pg_stats_ext:inherited pg_stats_ext_exprs:inherited \
        pg_subscription:subdisableonerr,subskiplsn,subtwophasestate table_constraints:nulls_distinct"),
    (16, "\
        pg_auth_members:inherit_option,set_option pg_collation:collicurules pg_database:daticurules \
        pg_hba_file_rules:file_name,rule_number pg_ident_file_mappings:file_name,map_number \
        pg_prepared_statements:result_types pg_replication_slots:conflicting pg_stat_all_indexes:last_idx_scan \
        pg_stat_all_tables:last_idx_scan,last_seq_scan,n_tup_newpage_upd \
        pg_stat_database_conflicts:confl_active_logicalslot pg_stat_gssapi:credentials_delegated \
        pg_stat_subscription:leader_pid pg_stat_sys_indexes:last_idx_scan \
        pg_stat_sys_tables:last_idx_scan,last_seq_scan,n_tup_newpage_upd pg_stat_user_indexes:last_idx_scan \
        pg_stat_user_tables:last_idx_scan,last_seq_scan,n_tup_newpage_upd pg_stat_xact_all_tables:n_tup_newpage_upd \
        pg_stat_xact_sys_tables:n_tup_newpage_upd pg_stat_xact_user_tables:n_tup_newpage_upd \
        pg_subscription:suborigin,subpasswordrequired,subrunasowner"),
    (17, "\
        pg_collation:colllocale pg_database:dathasloginevt,datlocale \
        pg_replication_slots:failover,inactive_since,invalidation_reason,synced pg_stat_progress_copy:tuples_skipped \
        pg_stat_progress_vacuum:dead_tuple_bytes,indexes_processed,indexes_total,max_dead_tuple_bytes,num_dead_item_ids \
        pg_stat_subscription:worker_type pg_stats:range_bounds_histogram,range_empty_frac,range_length_histogram \
        pg_subscription:subfailover"),
    (18, "\
        pg_backend_memory_contexts:path,type pg_class:relallfrozen pg_constraint:conenforced,conperiod \
        pg_publication:pubgencols pg_replication_slots:two_phase_at \
        pg_stat_all_tables:total_analyze_time,total_autoanalyze_time,total_autovacuum_time,total_vacuum_time \
        pg_stat_checkpointer:num_done,slru_written \
        pg_stat_database:parallel_workers_launched,parallel_workers_to_launch \
        pg_stat_io:extend_bytes,read_bytes,write_bytes pg_stat_progress_analyze:delay_time \
        pg_stat_progress_vacuum:delay_time \
        pg_stat_subscription_stats:confl_delete_missing,confl_delete_origin_differs,confl_insert_exists,confl_multiple_unique_conflicts,confl_update_exists,confl_update_missing,confl_update_origin_differs \
        pg_stat_sys_tables:total_analyze_time,total_autoanalyze_time,total_autovacuum_time,total_vacuum_time \
        pg_stat_user_tables:total_analyze_time,total_autoanalyze_time,total_autovacuum_time,total_vacuum_time"),
];
