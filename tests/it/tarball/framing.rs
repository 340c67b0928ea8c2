//! The blocks that a writer puts around payloads.

use appsnap::tarball::{ErrorKind, end_marker_bytes, file_header, padding_bytes};
use proptest::prelude::*;

#[test]
fn a_header_is_plain_ustar_without_owner_or_time() {
    let block = file_header(b"tree/0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95", 4711).unwrap();
    let header = tar::Header::from_byte_slice(&block);
    let ustar = header.as_ustar().expect("the POSIX magic");
    assert_eq!(ustar.typeflag, *b"0");
    assert_eq!(header.path_bytes(), &b"tree/0d/3e/0d3e301f-5551-46f8-ad44-8de2be084c95"[..]);
    assert_eq!(header.entry_size().unwrap(), 4711);
    assert_eq!((header.mode().unwrap(), header.uid().unwrap(), header.gid().unwrap()), (0o644, 0, 0));
    assert_eq!(header.mtime().unwrap(), 0);
    assert_eq!((ustar.uname, ustar.gname), ([0; 32], [0; 32]));
    assert_eq!((header.device_major().unwrap(), header.device_minor().unwrap()), (Some(0), Some(0)));
    assert_eq!((ustar.linkname, ustar.prefix, ustar.pad), ([0; 100], [0; 155], [0; 12]));
}

#[test]
fn sizes_are_octal_below_8_gib_and_base_256_above() {
    const GIB: u64 = 1 << 30;
    for (len_bytes, first) in [(0, b'0'), (8 * GIB - 1, b'7'), (8 * GIB, 0x80), (i64::MAX.cast_unsigned(), 0x80)] {
        let block = file_header(b"db/db.backup", len_bytes).unwrap();
        assert_eq!(block[124], first, "{len_bytes}");
        assert_eq!(tar::Header::from_byte_slice(&block).entry_size().unwrap(), len_bytes);
    }
}

#[test]
fn what_fits_no_header_is_refused() {
    for (name, len_bytes) in [(&b""[..], 0), (&[b'a'; 101], 0), (b"a\0b", 0), (b"a", 1 << 63)] {
        let error = file_header(name, len_bytes).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Misuse) && error.is_misuse(), "{error}");
    }
    assert!(file_header(&[b'a'; 100], (1 << 63) - 1).is_ok());
}

proptest! {
    #[test]
    fn the_checksum_is_the_one_that_the_tar_crate_makes(name in "[ -~]{1,100}", len_bytes in 0..1_u64 << 63) {
        let block = file_header(name.as_bytes(), len_bytes).unwrap();
        let mut again = tar::Header::from_byte_slice(&block).clone();
        let stated = again.cksum().unwrap();
        again.set_cksum();
        prop_assert_eq!(stated, again.cksum().unwrap());
        prop_assert_eq!(again.path_bytes().into_owned(), name.into_bytes());
        prop_assert_eq!(again.entry_size().unwrap(), len_bytes);
    }

    #[test]
    fn padding_fills_a_block(len_bytes: u64) {
        let padding = padding_bytes(len_bytes);
        prop_assert!(padding < 512);
        prop_assert_eq!((u128::from(len_bytes) + u128::from(padding)) % 512, 0);
    }

    #[test]
    fn the_end_marker_is_two_blocks_and_fills_a_record(blocks in 0..u64::MAX / 1024) {
        let offset_bytes = blocks * 512;
        let end = end_marker_bytes(offset_bytes);
        prop_assert!((1024..1024 + 10_240).contains(&end), "{}", end);
        prop_assert_eq!((offset_bytes + end) % 10_240, 0);
    }
}
