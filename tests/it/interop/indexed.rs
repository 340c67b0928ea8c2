//! An archive with an index is, to every other program, the archive without one.

use std::fs;
use std::path::Path;
use std::process::Command;

use appsnap::snapshot::WriteOptions;
use appsnap::snapshot::index::IndexPlacement;

use crate::support::archives::Contents;
use crate::support::tools::{finish, tool};

/// Reads standard input as Python's two ways of reading tar files do, and as its gzip module does.
const PYTHON: &str = "
import gzip, sys, tarfile
path = sys.argv[1]
for mode in ('r:gz', 'r|gz'):
    with tarfile.open(path, mode) as archive:
        for member in archive:
            data = archive.extractfile(member).read() if member.isfile() else b''
            print(mode, member.name, len(data), sum(data))
print(len(gzip.open(path).read()))
";

#[test]
fn other_programs_do_not_notice_the_index() {
    let contents = Contents::sample(700);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, index| {
        let (archive, _) = contents.push(WriteOptions::new().with_index(index));
        let path = folder.path().join(name);
        fs::write(&path, archive).unwrap();
        path
    };
    let plain = write("plain.tar.gz", IndexPlacement::Omitted);
    let indexed = write("indexed.tar.gz", IndexPlacement::Embedded);
    let programs: [(&str, &[&str]); 9] = [
        ("tar", &["tvzf"]),
        // Also where everything after the end marker is read.
        ("tar", &["tvizf"]),
        ("tar", &["xOzf"]),
        ("bsdtar", &["tvf"]),
        ("bsdtar", &["xOf"]),
        ("busybox", &["tar", "tvzf"]),
        ("gzip", &["-dc"]),
        ("pigz", &["-dc"]),
        ("python3", &["-c", PYTHON]),
    ];
    for (program, arguments) in programs {
        let Some(path) = tool(program) else { continue };
        let output = |archive: &Path| finish(Command::new(&path).args(arguments).arg(archive));
        let expected = output(&plain);
        assert!(!expected.is_empty());
        assert!(output(&indexed) == expected, "{program} {arguments:?} sees the index");
    }
}
