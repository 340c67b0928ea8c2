//! The summary of the tests that were skipped. Cargo runs this program after the other tests of the package.

use appsnap_tests::skips::{REQUIRE_TOOLS, take};

fn main() {
    let skipped = take();
    if !skipped.is_empty() {
        eprintln!("\n{} tests were SKIPPED, wholly or in part:", skipped.len());
        skipped.iter().for_each(|line| eprintln!("  {line}"));
        eprintln!("Set {REQUIRE_TOOLS}=1 to make a missing program a failure.");
    }
}
