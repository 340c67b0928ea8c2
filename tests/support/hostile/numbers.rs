//! Group n: number fields that programs disagree about, or that promise more than there is.

use super::header::{Field, Header, base_256};
use super::plan::{DATABASE, DOCUMENT, Plan};
use super::{Case, rejected};

pub fn cases() -> Vec<Case> {
    let mut cases = sizes();
    cases.extend(other_fields());
    cases.extend(huge_sizes());
    cases
}

fn sized(field: impl AsRef<[u8]>) -> Plan {
    Plan::sample().header(DOCUMENT, |header| header.with(Field::Size, field))
}

fn sizes() -> Vec<Case> {
    rejected(
        "tar-number",
        vec![
            ("n-size-digit-8", sized(b"00000000008\0")),
            ("n-size-digit-9", sized(b"00000000019\0")),
            ("n-size-minus", sized(b"-0000000007\0")),
            ("n-size-plus", sized(b"+0000000007\0")),
            ("n-size-minus-after-spaces", sized(b"         -7\0")),
            ("n-size-hex", sized(b"0x000000007\0")),
            ("n-size-hex-digit", sized(b"0000000000a\0")),
            ("n-size-fraction", sized(b"000000007.0\0")),
            ("n-size-exponent", sized(b"0000000007e0")),
            ("n-size-underscore", sized(b"000_0000007\0")),
            ("n-size-comma", sized(b"0,000,007\0")),
            ("n-size-after-nul", sized(b"\x00000000007\0")),
            ("n-size-digits-after-nul", sized(b"0000007\x000007")),
            ("n-size-digits-after-space", sized(b"0000000 007\0")),
            ("n-size-junk-trailing", sized(b"000000007\0xx")),
            ("n-size-tab", sized(b"\t0000000007\0")),
            ("n-size-blank", sized(b"            ")),
            ("n-size-unset", sized(b"")),
            ("n-size-letters", sized(b"seven\0")),
            ("n-size-full-width-digit", sized("\u{ff17}")),
            ("n-size-base-256-negative", sized([0xff; 12])),
            ("n-size-base-256-minus-seven", sized(base_256(0xff, u128::MAX - 6, 12))),
            ("n-size-base-256-reserved-81", sized(base_256(0x81, 7, 12))),
            ("n-size-base-256-reserved-8e", sized(base_256(0x8e, 7, 12))),
            ("n-size-base-256-reserved-c0", sized(base_256(0xc0, 7, 12))),
            ("n-size-base-256-2-to-63", sized(base_256(0x80, 1 << 63, 12))),
            ("n-size-base-256-2-to-64-less-1", sized(base_256(0x80, (1 << 64) - 1, 12))),
            ("n-size-base-256-2-to-64", sized(base_256(0x80, 1 << 64, 12))),
            ("n-size-base-256-2-to-64-and-7", sized(base_256(0x80, (1 << 64) + 7, 12))),
            ("n-size-base-256-2-to-88-less-1", sized(base_256(0x80, (1 << 88) - 1, 12))),
        ],
    )
    .collect()
}

fn other_fields() -> Vec<Case> {
    let fields = [
        ("mode", Field::Mode),
        ("uid", Field::Uid),
        ("gid", Field::Gid),
        ("mtime", Field::Mtime),
        ("devmajor", Field::DevMajor),
        ("devminor", Field::DevMinor),
    ];
    let values: [(&str, &[u8]); 6] = [
        ("text", b"nobody"),
        ("digit-9", b"0000009"),
        ("minus", b"-000001"),
        ("digits-after-nul", b"000\x00001"),
        ("hex", b"0x1a4"),
        ("reserved", b"\x8e\0\0\0\0\0\0\x01"),
    ];
    let bent = |field: Field, value: &[u8]| Plan::sample().header(DATABASE, |header| header.with(field, value)).gz();
    let rows =
        fields.iter().flat_map(|(name, field)| values.map(|(what, value)| (format!("n-{name}-{what}"), *field, value)));
    let mut cases =
        rows.map(|(name, field, value)| Case::reject(name, "tar-number", bent(field, value))).collect::<Vec<_>>();
    // A negative time is a date before 1970; programs disagree about a negative owner.
    for (name, field) in
        [("n-uid-negative", Field::Uid), ("n-gid-negative", Field::Gid), ("n-mode-negative", Field::Mode)]
    {
        cases.push(Case::reject(name, "tar-number", bent(field, &[0xff; 8])));
    }
    // Where there is no magic device numbers mean nothing, but Python ends there without a word.
    for (name, field) in [("n-device-major-v7", Field::DevMajor), ("n-device-minor-v7", Field::DevMinor)] {
        let old = Plan::sample().headers(Header::into_v7).header(DATABASE, |header| header.with(field, b"x"));
        cases.push(Case::reject(name, "tar-number", old.gz()));
    }
    // The same where there is a magic and no version.
    for (name, field) in
        [("n-device-major-unversioned", Field::DevMajor), ("n-device-minor-unversioned", Field::DevMinor)]
    {
        let unversioned = Plan::sample().headers(|header| header.with(Field::Magic, b"ustar\0\0\0"));
        let bent = unversioned.header(DATABASE, |header| header.with(field, b"x"));
        cases.push(Case::reject(name, "tar-number", bent.gz()));
    }
    cases.push(Case::reject("n-mtime-blank", "tar-number", bent(Field::Mtime, b"            ")));
    cases
}

fn huge_sizes() -> Vec<Case> {
    let truncated = |name: &str, field: Vec<u8>| {
        Case::reject(name, "tar-truncated", sized(field).gz())
            .limits(|limits| limits.with_max_total_bytes(1 << 40).with_max_entry_bytes(1 << 40))
    };
    let refused = |name: &str, field: Vec<u8>| Case::reject(name, "limit-size", sized(field).gz());
    vec![
        truncated("n-size-8-gib-less-1-of-nothing", b"77777777777\0".to_vec()),
        truncated("n-size-64-gib-less-1-of-nothing", b"777777777777".to_vec()),
        truncated("n-size-8-gib-of-nothing", base_256(0x80, 1 << 33, 12)),
        truncated("n-size-1-tib-less-a-gib-of-nothing", base_256(0x80, (1 << 40) - (1 << 30), 12)),
        refused("n-size-1-pib", base_256(0x80, 1 << 50, 12)),
        refused("n-size-1-eib", base_256(0x80, 1 << 60, 12)),
        refused("n-size-2-to-63-less-1", base_256(0x80, (1 << 63) - 1, 12)),
        refused("n-size-just-over-the-total", base_256(0x80, 256 << 20, 12)),
    ]
}
