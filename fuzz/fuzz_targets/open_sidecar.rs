#![cfg_attr(fuzzing, no_main)]

appsnap_fuzz::fuzz!("open_sidecar");
