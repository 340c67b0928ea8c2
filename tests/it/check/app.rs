//! An app by code: rows that know files, documents, and the archive of both.

use appsnap::DocumentId;
use appsnap::pgdump::FormatVersion;
use appsnap::pgdump::raw::Compression;

use crate::support::archives::Contents;
use crate::support::dumps::DumpBuilder;

/// Columns of the table of files, in an order of their own.
pub const COLUMNS: &str =
    "id, name, __uuid__, fileid, __filename__, hascontents, deleteafterdownload, size, submetaobjectname";

/// A row of `system$filedocument`.
#[derive(Clone)]
pub struct Row {
    pub object: i64,
    pub uuid: Option<String>,
    pub number: Option<u64>,
    pub has_contents: &'static str,
    pub deletes: &'static str,
    pub size: Option<i64>,
    pub entity: &'static str,
}

impl Row {
    /// A row that must have the document, of this length.
    pub fn of(object: i64, id: DocumentId, size: i64) -> Self {
        let (uuid, size) = (Some(id.to_string()), Some(size));
        Self { object, uuid, number: None, has_contents: "t", deletes: "f", size, entity: "System.FileDocument" }
    }

    /// A row that names no uuid.
    pub fn numbered(object: i64, number: Option<u64>) -> Self {
        Self { uuid: None, number, ..Self::of(object, DocumentId::from_bytes([0; 16]), 7) }
    }

    pub fn without_contents(self) -> Self {
        Self { has_contents: "f", size: Some(0), ..self }
    }

    pub fn deleted_after_download(self) -> Self {
        Self { deletes: "t", ..self }
    }

    pub fn thumbnail(self) -> Self {
        Self { entity: "System.Thumbnail", ..self }
    }

    pub fn of_unknown_size(self) -> Self {
        Self { size: Some(-1), ..self }
    }

    fn render(&self) -> String {
        let or_null = |value: Option<String>| value.unwrap_or_else(|| "\\N".to_owned());
        let number = or_null(self.number.map(|number| number.to_string()));
        [
            self.object.to_string(),
            "a\\tname\\\\".to_owned(),
            or_null(self.uuid.clone()),
            number.clone(),
            number,
            self.has_contents.to_owned(),
            self.deletes.to_owned(),
            or_null(self.size.map(|size| size.to_string())),
            self.entity.to_owned(),
        ]
        .join("\t")
            + "\n"
    }
}

/// A dump of an app with these files, that can be bent before it is built.
pub fn builder(version: FormatVersion, rows: &[Row]) -> DumpBuilder {
    let mut builder = DumpBuilder::new(version, Compression::GZIP);
    builder.table("shop$order", "id, note", b"1\tfirst\n2\t\\N\n");
    let rows = rows.iter().map(Row::render).collect::<String>();
    builder.table("system$filedocument", COLUMNS, rows.as_bytes());
    builder
}

pub fn dump(rows: &[Row]) -> Vec<u8> {
    builder(FormatVersion::V1_14, rows).build()
}

pub fn id(number: u8) -> DocumentId {
    DocumentId::from_bytes([number; 16])
}

/// Documents by number and length.
pub fn documents(lens: &[(u8, usize)]) -> Vec<(DocumentId, Vec<u8>)> {
    lens.iter().map(|(number, len)| (id(*number), vec![*number; *len])).collect()
}

/// An archive of a dump and documents, `(number, length)` each.
pub fn archive(dump: Vec<u8>, lens: &[(u8, usize)]) -> Vec<u8> {
    Contents { database: Some(dump), documents: documents(lens) }.archive()
}

/// An app without any fault: two documents, and the rows that know them.
pub fn healthy() -> (Vec<u8>, &'static [(u8, usize)]) {
    (dump(&[Row::of(1, id(1), 10), Row::of(2, id(2), 20)]), &[(1, 10), (2, 20)])
}
