//! The examples that teach: each runs without arguments on the checked-in samples.

use std::path::Path;
use std::process::Command;

use super::{example, stdout};

#[test]
fn small_examples_run_without_arguments() {
    for (name, printed) in [
        ("convert", "1.16 became 1.14"),
        ("fetch", "8a3f4c2e-0c3b-4b40-9b77-0f4f1f5d0001: twenty bytes of text"),
        ("plan_retention", "delete 2026-04-17T01:00:00Z"),
        ("read_snapshot", "2 documents, verified"),
        ("verify", "the backup is whole and will be accepted"),
        ("write_snapshot", "1 document"),
    ] {
        let Some(program) = example(name) else { return };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let output = stdout(&Command::new(program).current_dir(root).output().unwrap());
        assert!(output.contains(printed), "{name}: {output}");
    }
}
