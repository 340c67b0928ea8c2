//! The smallest complete custom-format dump: a header, three settings, one table with its data.

/// The encoding of integers, strings and the header of a dump, with fields that a case can change.
#[derive(Clone)]
pub struct Dump {
    pub magic: &'static [u8],
    pub version: [u8; 3],
    pub int_size: u8,
    pub offset_size: u8,
    pub format: u8,
    pub rows: &'static str,
}

impl Default for Dump {
    fn default() -> Self {
        Self {
            magic: b"PGDMP",
            version: [1, 14, 0],
            int_size: 4,
            offset_size: 8,
            format: 1,
            rows: "1\thello\n2\tworld\n",
        }
    }
}

/// The bytes of a dump of version 1.14.
pub fn small() -> Vec<u8> {
    Dump::default().render()
}

struct Entry<'a> {
    id: i32,
    tag: &'a str,
    kind: &'a str,
    section: i32,
    definition: &'a str,
    drop: &'a str,
    copy: Option<&'a str>,
    namespace: Option<&'a str>,
    depends: Option<&'a str>,
}

impl Dump {
    pub fn render(&self) -> Vec<u8> {
        let mut out = self.magic.to_vec();
        out.extend(self.version);
        out.extend([self.int_size, self.offset_size, self.format]);
        if self.version[1] >= 15 {
            out.push(0);
        } else {
            self.int(&mut out, 0);
        }
        for number in [0, 0, 12, 1, 0, 124, 0] {
            self.int(&mut out, number);
        }
        for text in ["app", "13.23", "13.23"] {
            self.text(&mut out, Some(text));
        }
        let entries = entries();
        self.int(&mut out, i32::try_from(entries.len()).unwrap());
        for entry in &entries {
            self.entry(&mut out, entry);
        }
        // The data block: type, dump id, one chunk, the end of the stream.
        out.push(1);
        self.int(&mut out, 5);
        let data = format!("{}\\.\n\n\n", self.rows);
        self.text(&mut out, Some(&data));
        self.int(&mut out, 0);
        out
    }

    fn entry(&self, out: &mut Vec<u8>, entry: &Entry<'_>) {
        let has_data = entry.copy.is_some();
        self.int(out, entry.id);
        self.int(out, i32::from(has_data));
        self.text(out, Some("0"));
        self.text(out, Some("0"));
        self.text(out, Some(entry.tag));
        self.text(out, Some(entry.kind));
        self.int(out, entry.section);
        self.text(out, Some(entry.definition));
        self.text(out, Some(entry.drop));
        self.text(out, entry.copy);
        self.text(out, entry.namespace);
        self.text(out, Some(""));
        if self.version[1] >= 14 {
            self.text(out, (entry.kind == "TABLE").then_some("heap"));
        }
        if self.version[1] >= 16 {
            self.int(out, if entry.kind == "TABLE" { i32::from(b'r') } else { 0 });
        }
        self.text(out, Some("app"));
        self.text(out, Some("false"));
        if let Some(id) = entry.depends {
            self.text(out, Some(id));
        }
        self.text(out, None);
        // Position: not set, as through a pipe; or no data.
        out.push(if has_data { 1 } else { 3 });
        out.extend(vec![0; usize::from(self.offset_size)]);
    }

    /// A sign byte and the magnitude, little-endian.
    fn int(&self, out: &mut Vec<u8>, value: i32) {
        out.push(u8::from(value < 0));
        let bytes = u128::from(value.unsigned_abs()).to_le_bytes();
        out.extend(bytes.iter().chain(std::iter::repeat(&0)).take(usize::from(self.int_size)));
    }

    /// Length and bytes; NULL is the length -1.
    fn text(&self, out: &mut Vec<u8>, text: Option<&str>) {
        self.int(out, text.map_or(-1, |text| i32::try_from(text.len()).unwrap()));
        out.extend(text.unwrap_or_default().bytes());
    }
}

fn entries() -> [Entry<'static>; 5] {
    let setting = |id, kind, definition| Entry {
        id,
        tag: kind,
        kind,
        section: 2,
        definition,
        drop: "",
        copy: None,
        namespace: None,
        depends: None,
    };
    [
        setting(1, "ENCODING", "SET client_encoding = 'UTF8';\n"),
        setting(2, "STDSTRINGS", "SET standard_conforming_strings = 'on';\n"),
        setting(3, "SEARCHPATH", "SELECT pg_catalog.set_config('search_path', '', false);\n"),
        Entry {
            id: 4,
            tag: "greeting",
            kind: "TABLE",
            section: 2,
            definition: "CREATE TABLE public.greeting (id integer, text character varying);\n",
            drop: "DROP TABLE public.greeting;\n",
            copy: None,
            namespace: Some("public"),
            depends: None,
        },
        Entry {
            id: 5,
            tag: "greeting",
            kind: "TABLE DATA",
            section: 3,
            definition: "",
            drop: "",
            copy: Some("COPY public.greeting (id, text) FROM stdin;\n"),
            namespace: Some("public"),
            depends: Some("4"),
        },
    ]
}
