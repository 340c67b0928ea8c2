//! Group m: `.metadata` that is missing, no JSON object, or says what it cannot say.

use super::gzip;
use super::plan::{METADATA, Part, Plan};
use super::{Case, dump};

pub fn cases() -> Vec<Case> {
    let mut cases = texts();
    cases.extend(values());
    cases.extend(tolerated());
    cases.extend(legal());
    cases
}

const FILES_SIZE: usize = 798;

/// The sample's metadata with one text in it replaced.
fn replaced(from: &str, to: &str) -> String {
    let json = super::plan::metadata(dump::small().len(), FILES_SIZE);
    assert!(json.contains(from), "{json} has no {from}");
    json.replacen(from, to, 1)
}

fn whole() -> String {
    super::plan::metadata(dump::small().len(), FILES_SIZE)
}

fn texts() -> Vec<Case> {
    let json = whole();
    let utf16 = |mark: &[u8], swap: bool| {
        let units = json.encode_utf16().flat_map(|unit| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() });
        [mark.to_vec(), units.collect()].concat()
    };
    let nested = |open: &str, close: &str, depth: usize| {
        replaced("}", &format!(r#","x":{}1{}}}"#, open.repeat(depth), close.repeat(depth)))
    };
    let rows: Vec<(&str, Vec<u8>)> = vec![
        ("m-empty", Vec::new()),
        ("m-blank", b"   \n".to_vec()),
        ("m-text", b"not json".to_vec()),
        ("m-array", format!("[{json}]").into_bytes()),
        ("m-string", b"\"text\"".to_vec()),
        ("m-number", b"1".to_vec()),
        ("m-null", b"null".to_vec()),
        ("m-two-objects", format!("{json}{json}").into_bytes()),
        ("m-text-trailing", format!("{json} x").into_bytes()),
        ("m-nul-trailing", format!("{json}\0\0\0").into_bytes()),
        ("m-cut", json.as_bytes()[..json.len() - 1].to_vec()),
        ("m-cut-in-a-string", json.as_bytes()[..20].to_vec()),
        ("m-utf-16-le", utf16(b"\xff\xfe", false)),
        ("m-utf-16-be", utf16(b"\xfe\xff", true)),
        ("m-utf-16-without-mark", utf16(b"", false)),
        ("m-two-byte-order-marks", format!("\u{feff}\u{feff}{json}").into_bytes()),
        (
            "m-latin-1",
            replaced("1.0.0.40", "caf#").replace('#', "\u{e9}").chars().map(|c| u8::try_from(c).unwrap()).collect(),
        ),
        ("m-comment", replaced("{", "{/* sizes */").into_bytes()),
        ("m-line-comment", replaced("{", "{// sizes\n").into_bytes()),
        ("m-trailing-comma", replaced("}", ",}").into_bytes()),
        ("m-single-quotes", json.replace('"', "'").into_bytes()),
        ("m-unquoted-key", replaced("\"duration\"", "duration").into_bytes()),
        ("m-missing-comma", replaced(",", " ").into_bytes()),
        ("m-control-character-in-string", replaced("1.0.0.40", "1.0\n.0.40").into_bytes()),
        ("m-bad-escape", replaced("1.0.0.40", "1.0\\x40").into_bytes()),
        ("m-lone-surrogate", replaced("1.0.0.40", "\\ud800").into_bytes()),
        ("m-nan", replaced("\"0\"", "NaN").into_bytes()),
        ("m-leading-zero-number", replaced("\"0\"", "007").into_bytes()),
        ("m-plus-number", replaced("\"0\"", "+1").into_bytes()),
        ("m-duplicate-key", replaced("}", r#","dumpSize":"1"}"#).into_bytes()),
        ("m-duplicate-key-the-same", replaced("}", r#","duration":"0"}"#).into_bytes()),
        ("m-duplicate-key-escaped", replaced("}", r#","dump\u0053ize":"1"}"#).into_bytes()),
        ("m-duplicate-unknown-key", replaced("}", r#","x":1,"x":2}"#).into_bytes()),
        ("m-duplicate-key-within", replaced("}", r#","x":[{"y":1,"y":2}]}"#).into_bytes()),
        ("m-nested-arrays-70", nested("[", "]", 70).into_bytes()),
        ("m-nested-arrays-100000", nested("[", "]", 100_000).into_bytes()),
        ("m-nested-objects-70", nested(r#"{"y":"#, "}", 70).into_bytes()),
        ("m-nested-arrays-unclosed", format!(r#"{{"x":{}"#, "[".repeat(500_000)).into_bytes()),
        ("m-gzipped", gzip::member(json.as_bytes())),
    ];
    let missing = Case::reject("m-missing", "metadata-missing", Plan::sample().without(METADATA).gz());
    rows.into_iter()
        .map(|(name, bytes)| Case::reject(name, "metadata-json", Plan::with_metadata(bytes).gz()))
        .chain([missing])
        .collect()
}

fn values() -> Vec<Case> {
    let values = [
        ("text", r#""ninety""#),
        ("empty", r#""""#),
        ("minus", r#""-1""#),
        ("plus", r#""+1""#),
        ("space", r#"" 1""#),
        ("fraction", r#""1.5""#),
        ("exponent", r#""1e3""#),
        ("hex", r#""0x10""#),
        ("comma", r#""1,000""#),
        ("unit", r#""1 MB""#),
        ("full-width", "\"\u{ff11}\""),
        ("over-64-bits", r#""18446744073709551616""#),
        (
            "of-100-digits",
            r#""1000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000""#,
        ),
        ("number-minus", "-1"),
        ("number-fraction", "1.5"),
        ("number-whole-fraction", "1.0"),
        ("number-exponent", "1e3"),
        ("number-over-64-bits", "18446744073709551616"),
        ("null", "null"),
        ("true", "true"),
        ("array", "[1]"),
        ("object", "{}"),
    ];
    let keys = [("database-size", r#""9730584""#), ("duration", r#""0""#)];
    let of_key = |(key, old): (&'static str, &'static str)| {
        values.map(|(what, value)| {
            Case::reject(format!("m-{key}-{what}"), "metadata-value", Plan::with_metadata(replaced(old, value)).gz())
        })
    };
    let mut cases = keys.into_iter().flat_map(of_key).collect::<Vec<_>>();
    let dump_size = format!("\"{}\"", dump::small().len());
    for (what, value) in values.into_iter().take(12) {
        cases.push(Case::reject(
            format!("m-dump-size-{what}"),
            "metadata-value",
            Plan::with_metadata(replaced(&dump_size, value)).gz(),
        ));
    }
    for (what, value) in [("number", "1"), ("object", "{}"), ("array", "[]"), ("null", "null"), ("false", "false")] {
        cases.push(Case::reject(
            format!("m-model-version-{what}"),
            "metadata-value",
            Plan::with_metadata(replaced(r#""1.0.0.40""#, value)).gz(),
        ));
    }
    cases
}

fn tolerated() -> Vec<Case> {
    let dump_size = dump::small().len();
    let row = |name: &str, reason, json: String| Case::warn(name, reason, Plan::with_metadata(json).gz());
    let mut cases = vec![
        row("w-metadata-byte-order-mark", "metadata-bom", format!("\u{feff}{}", whole())),
        row(
            "w-metadata-dump-size-number",
            "metadata-type-coerced",
            replaced(&format!("\"{dump_size}\""), &dump_size.to_string()),
        ),
        row("w-metadata-files-size-number", "metadata-type-coerced", replaced("\"798\"", "798")),
        row("w-metadata-database-size-number", "metadata-type-coerced", replaced("\"9730584\"", "9730584")),
        row(
            "w-metadata-database-size-maximum-number",
            "metadata-type-coerced",
            replaced("\"9730584\"", "18446744073709551615"),
        ),
        row("w-metadata-duration-number", "metadata-type-coerced", replaced("\"0\"", "0")),
        row("w-metadata-dump-size-wrong", "metadata-size-mismatch", super::plan::metadata(dump_size + 1, FILES_SIZE)),
        row("w-metadata-files-size-wrong", "metadata-size-mismatch", super::plan::metadata(dump_size, FILES_SIZE - 1)),
        row("w-metadata-both-sizes-wrong", "metadata-size-mismatch", super::plan::metadata(0, 0)),
        row("w-metadata-empty-object", "metadata-key-missing", "{}".to_owned()),
    ];
    let members = [
        ("duration", r#""duration":"0","#.to_owned()),
        ("dump-size", format!(r#""dumpSize":"{dump_size}","#)),
        ("model-version", r#""modelVersion":"1.0.0.40","#.to_owned()),
        ("database-size", r#""databaseSize":"9730584","#.to_owned()),
        ("files-size", r#","filesSize":"798""#.to_owned()),
    ];
    for (key, member) in members {
        cases.push(row(&format!("w-metadata-without-{key}"), "metadata-key-missing", replaced(&member, "")));
    }
    cases
}

fn legal() -> Vec<Case> {
    let row = |name: &str, json: String| Case::accept(name, Plan::with_metadata(json).gz());
    let nested = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let reordered = format!(
        r#"{{"filesSize":"{FILES_SIZE}","databaseSize":"1","modelVersion":"","dumpSize":"{}","duration":"0"}}"#,
        dump::small().len()
    );
    vec![
        row("m-pretty", replaced("{", "{\r\n  ").replace(',', ",\r\n  ").replace(':', ": ") + "\r\n"),
        row("m-reordered", reordered),
        row("m-unknown-keys", replaced("}", r#","appId":"x","tags":["a",{"b":null}],"n":-1.5e300}"#)),
        row("m-unknown-key-in-front", replaced("{", r#"{"":true,"#)),
        row("m-known-key-in-another-case", replaced("}", r#","DUMPSIZE":"x"}"#)),
        row("m-nested-within-bounds", replaced("}", &format!(r#","x":{nested}}}"#))),
        row("m-escaped-key", replaced("duration", "d\\u0075ration")),
        row("m-model-version-unicode", replaced("1.0.0.40", "1.0 \u{2013} caf\u{e9} \\u202e")),
        row("m-database-size-maximum", replaced("9730584", "18446744073709551615")),
        row("m-database-size-leading-zeros", replaced("9730584", "0009730584")),
        Case::accept("m-dot-slash", Plan::sample().without(METADATA).push(Part::file("./.metadata", whole())).gz()),
    ]
}
