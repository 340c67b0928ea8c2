//! The structure of the crate: its layers, its public names, its prose. These tests read the sources and run nothing.
//!
//! With `--nocapture` each test prints its figures for every module. `APPSNAP_LIST=gzip` also prints the places that the
//! prose test counts in paths that contain `gzip`.

use appsnap_house::files;
use appsnap_house::prose::{self, Measure};

/// The ceilings: what is measured must not rise, and falls with every change that touches it.
const CEILINGS: [(Measure, usize); 4] =
    [(Measure::Summary, 25), (Measure::Phrase, 60), (Measure::GetOrDefault, 10), (Measure::TryFromOr, 10)];

/// Everything beside the library: comments and messages of tests, examples, benches and fuzz targets.
const PHRASES_AROUND: usize = 60;

const HELP: &str = "run `APPSNAP_LIST=src cargo test --test house prose -- --nocapture` for the list";

#[test]
fn prose_and_fallbacks_stay_below_their_ceilings() {
    let hits = prose::measured(&files::root());
    println!("{}", prose::table(&hits));
    if let Ok(group) = std::env::var("APPSNAP_LIST") {
        hits.iter().filter(|hit| hit.path.contains(&group)).for_each(|hit| println!("{hit}"));
    }
    for (measure, ceiling) in CEILINGS {
        let count = prose::count(&hits, measure, true);
        assert!(count <= ceiling, "{measure:?}: {count} in the library, but at most {ceiling} are allowed: {HELP}");
    }
    let around = prose::count(&hits, Measure::Phrase, false);
    assert!(
        around <= PHRASES_AROUND,
        "{around} phrases around the library, but at most {PHRASES_AROUND} are allowed: {HELP}"
    );
}
