//! The one table of all codes: code, variant, name, severities under the four built-in profiles, explanation, help.

use super::{Severities, codes, severity};
use crate::diagnostic::Severity;

// Severities are those under format, mendix-cloud-2021, mendix-cloud and mendix-on-azure, in this order:
// E error, W warning, I info, - no finding. Codes are never used again, so a retired one leaves a gap.
codes! {
    // The file as a whole.
    "S001" NotASnapshot "not-a-snapshot" [E E E E]
        "the file is neither a snapshot nor a dump" => "do what the message says about the kind of file it is";
    "S002" FilesOnly "files-only" [W W E E]
        "there is no database in the archive: it can be read, and no app can be restored from it alone"
        => "pack the files together with a dump, or restore them beside a database by other means";
    "S003" DatabaseOnly "database-only" [I I I E]
        "there are no documents: a restore leaves the files of the app as they are"
        => "where a full snapshot is asked for, pack the dump together with the files folder";
    "S004" ManyDocuments "many-documents" [I W W W]
        "there are so many documents that every backup operation of the platform becomes slow, up to hours"
        => "plan for it, or delete documents that nobody needs before the snapshot is made";
    "S005" TargetTooSmall "target-too-small" [- E E E]
        "the decompressed database does not fit into the target database under the platform's rule, indexes not counted"
        => "choose a larger plan for the target: a restore that runs out of space leaves the database half restored";
    "S006" LimitExceeded "limit-exceeded" [E E E E]
        "the archive wants more than the limits allow, so reading it was stopped"
        => "raise the limit that the message names, if the archive comes from somebody you trust";

    // The compression around the archive.
    "G001" GzipTruncated "gzip-truncated" [E E E E]
        "the compressed data end too early" => "transfer the file again and compare its length with the original";
    "G002" GzipHeader "gzip-header-invalid" [E E E E]
        "a gzip header breaks RFC 1952, or is longer than any honest one" => "compress the archive again with gzip or pigz";
    "G003" GzipDamaged "gzip-data-damaged" [E E E E]
        "the compressed data cannot be inflated" => "transfer the file again; if that does not help, make it again";
    "G004" GzipChecksum "gzip-checksum-wrong" [E E E E]
        "CRC32 or length of the data is not what the gzip trailer says: the content is damaged"
        => "transfer the file again; if that does not help, make it again";
    "G005" GzipTrailingData "gzip-trailing-data" [E E E E]
        "something that is neither gzip data nor zeros follows the compressed data"
        => "cut it off if you know where it comes from, or transfer the file again";

    // The tar framing.
    "T001" TarTruncated "tar-truncated" [E E E E]
        "the archive ends before its end marker, so nobody can say what is missing" => "make or transfer the archive again";
    "T002" TarChecksum "tar-header-damaged" [E E E E]
        "a header does not have the checksum that it states" => "make or transfer the archive again";
    "T003" TarStrayZeros "tar-stray-zero-block" [E E E E]
        "a block of zeros stands between members: some programs stop there and some read on"
        => "make the archive in one go instead of joining pieces";
    "T004" TarTrailingData "tar-trailing-data" [E E E E]
        "something other than zeros follows the end marker: some programs never see it"
        => "make the archive in one go instead of joining pieces";
    "T005" TarNumber "tar-number" [E E E E]
        "a number in a header is one that programs read differently" => "make the archive with a common tar program";
    "T006" TarDialect "tar-dialect" [E E E E]
        "a header is of no known dialect, or mixes two" => "make the archive with a common tar program";
    "T010" ExtensionCarrier "extension-without-magic" [E E E E]
        "an extension stands on a header that has no magic or no version" => "make the archive with a common tar program";
    "T011" ExtensionDangling "extension-dangling" [E E E E]
        "an extension is followed by no member that it could belong to" => "make or transfer the archive again";
    "T012" ExtensionDuplicate "extension-duplicate" [E E E E]
        "an extension says something twice: which one counts would depend on who reads it"
        => "make the archive with a common tar program";
    "T013" ExtensionGlobal "extension-global" [E E E E]
        "a global header changes names or sizes of all members" => "make the archive with a common tar program";
    "T014" ExtensionMalformed "extension-malformed" [E E E E]
        "an extension is not in the form that its standard asks for" => "make the archive with a common tar program";
    "T015" ExtensionMixed "extension-mixed" [E E E E]
        "a pax header and a GNU long name speak of one member" => "make the archive with one tar program, not with two";
    "T016" ExtensionNumber "extension-number" [E E E E]
        "a number in a pax header is not plain decimal" => "make the archive with a common tar program";
    "T017" ExtensionPath "extension-path-conflict" [E E E E]
        "a header and its extension give a member different names" => "make the archive with a common tar program";
    "T018" ExtensionSize "extension-size-conflict" [E E E E]
        "a header and its extension give a member different lengths: members could be hidden in the difference"
        => "make the archive with a common tar program; if a stranger sent it, beware";
    "T019" ExtensionLink "extension-link-target" [E E E E]
        "an extension names a link target for something that is no link" => "make the archive with a common tar program";
    "T020" TypeLink "type-link" [E E E E]
        "a member is a symbolic or hard link, which a snapshot cannot hold"
        => "make the archive with tar --dereference --hard-dereference";
    "T021" TypeDevice "type-device" [E E E E]
        "a member is a device or a fifo, which a snapshot cannot hold" => "leave it out and pack again";
    "T022" TypeSparse "type-sparse" [E E E E]
        "a member is stored as a sparse file, which programs read differently" => "make the archive without --sparse";
    "T023" TypePayload "type-with-payload" [E E E E]
        "a member that has no content by its type states a length" => "make the archive with a common tar program";
    "T024" TypeUnsupported "type-unsupported" [E E E E]
        "a member is of a type that a snapshot cannot hold" => "put nothing but files and folders into the archive";
    "T030" ModeBits "mode-bits-ignored" [W W W W]
        "a member has set-id or sticky bits, which are never applied" => "nothing need be done; packing again removes them";
    "T031" ContiguousFile "type-treated-as-file" [W W W W]
        "a member is a contiguous file, which is read as a file" => "nothing need be done; packing again removes it";
    "T032" SlashedFile "type-treated-as-directory" [W W W W]
        "an empty file whose name ends in a slash is read as a folder" => "nothing need be done; packing again removes it";
    "T033" IgnoredField "ignored-field-malformed" [W W W W]
        "bytes stand where every program ignores them" => "nothing need be done; packing again removes them";
    "T034" ShortEndMarker "short-end-marker" [W W W W]
        "one block of zeros ends the archive instead of two" => "nothing need be done; packing again repairs it";

    // The index behind the archive.
    "I001" IndexWrong "index-wrong" [E E E E]
        "the index does not agree with the archive" => "make the index anew from the archive, which is what counts";

    // Names and places in the archive.
    "L001" NameTraversal "name-leads-out" [E E E E]
        "a name is absolute or climbs out of the archive" => "if a stranger sent it, it is an attack; else pack again without -P";
    "L002" NameEncoding "name-encoding" [E E E E]
        "a name holds control characters, backslashes, or bytes that are not UTF-8"
        => "pack again on a system that keeps names as they are";
    "L003" NameNotCanonical "name-not-canonical" [E E E E]
        "a name is not in its shortest form" => "pack again, or repair the archive";
    "L004" NameUnknown "name-unknown" [E E E E]
        "a file is neither .metadata nor db/db.backup nor a document in tree/"
        => "leave it out, move it to its place, or repair the archive if everything merely lies one folder down";
    "L005" ShardMismatch "shard-mismatch" [E E E E]
        "a document lies in folders that its uuid does not lead to"
        => "find out what it is, and move it to tree/xx/yy/, the first four characters of its uuid";
    "L006" NameWrongKind "name-wrong-kind" [E E E E]
        "a folder stands where the format has a file, or a file where it has a folder" => "leave it out and pack again";
    "L007" NameRepeated "name-repeated" [E E E E]
        "a name stands in the archive twice, letter case aside: which one counts would depend on who reads it"
        => "find out which one is right and leave the other out";
    "L010" FlatTree "flat-tree" [W W W W]
        "a document lies in tree/ itself; Mendix Cloud v4 takes that, other platforms want tree/xx/yy/"
        => "repair the archive, or pack again";
    "L011" ShardLetterCase "shard-letter-case" [W W W W]
        "the folders of a document are spelled in another letter case than its uuid" => "repair the archive, or pack again";
    "L012" UpperCaseId "upper-case-id" [I W W W]
        "a uuid is spelled with upper-case letters; every known platform writes lower case"
        => "repair the archive, or pack again";
    "L013" JunkSkipped "junk-skipped" [W W W W]
        "a volume label or a .DS_Store of macOS was skipped" => "nothing need be done; packing again leaves it out";
    "L014" AppleDoubleSkipped "appledouble-skipped" [W W W W]
        "an AppleDouble file of macOS was skipped" => "nothing need be done; on macOS set COPYFILE_DISABLE=1 when packing";

    // The metadata.
    "M001" MetadataMissing "metadata-missing" [E E E E]
        "there is no .metadata, without which the platform takes no archive" => "repair the archive, or pack again";
    "M002" MetadataUnusable "metadata-unusable" [E E E E]
        ".metadata is not the JSON object that it must be" => "repair the archive, or pack again";
    "M003" MetadataMissingFilesOnly "metadata-missing-files-only" [W W W W]
        "there is no .metadata, and no database that it could describe" => "pack again, with a dump";
    "M010" MetadataBom "metadata-bom" [W W W W]
        ".metadata begins with a byte order mark" => "save it without one, or repair the archive";
    "M011" MetadataNumber "metadata-type-coerced" [W W W W]
        ".metadata has a number where the platform writes a string" => "repair the archive, or pack again";
    "M012" MetadataKeyMissing "metadata-key-missing" [W W W W]
        ".metadata lacks a key that the platform documents" => "repair the archive, or pack again";
    "M013" MetadataSizeDiffers "metadata-size-differs" [W W W W]
        "a size in .metadata is not that of what is in the archive"
        => "make sure that nothing is missing; then repair the archive, or pack again";

    // The dump.
    "D001" DumpFormat "dump-not-custom-format" [E E E E]
        "what should be the database is not a dump in custom format" => "dump again: pg_dump -O -x -Fc -f FILE DATABASE";
    "D002" DumpTooNew "dump-format-too-new" [E E E E]
        "the version of the dump's format is higher than what the platform's pg_restore reads"
        => "convert the dump down, let repair do it, or dump again with an older pg_dump";
    "D003" DumpTooOld "dump-format-too-old" [E E E E]
        "the version of the dump's format is below 1.0, which nothing reads" => "dump again with a pg_dump of this century";
    "D004" DumpTruncated "dump-truncated" [E E E E]
        "the dump ends too early: rows, tables or all of it are missing" => "copy the dump again, or dump again";
    "D005" DumpDamaged "dump-damaged" [E E E E]
        "the dump contradicts its format or itself" => "copy the dump again in binary mode, or dump again";
    "D006" DumpLimit "dump-limit-exceeded" [E E E E]
        "the dump wants more than the limits allow, so reading it was stopped"
        => "raise the limit that the message names, if the dump comes from somebody you trust";
    "D007" DumpAccessRights "dump-with-access-rights" [I W W W]
        "access rights are in the dump; roles that the target lacks make their statements fail"
        => "dump again with -x, or convert the dump without access rights";
    "D008" DumpSchemaOnly "dump-schema-only" [I E E E]
        "there are tables and no data: restoring it makes an empty app" => "dump again without --schema-only";
    "D009" DumpDataOnly "dump-data-only" [I E E E]
        "there are data and no tables: restoring it into an empty database fails" => "dump again without --data-only";
    "D010" DumpEmpty "dump-empty" [I W W W]
        "there is nothing in the dump: the database was empty, or a filter matched nothing"
        => "make sure that the right database was dumped";
    "D011" DumpNoLargeObjects "dump-without-large-objects" [I W W W]
        "tables refer to large objects and none is in the dump" => "dump again without -B, -t and -n, or add -b";
    "D012" DumpNewerSql "dump-sql-newer-than-13" [I W W I]
        "the dump holds SQL that a server of PostgreSQL 13 refuses: what it makes will be missing after the restore"
        => "take it out of the model or database, or ask for a newer server";
    "D013" DumpInserts "dump-with-inserts" [I I I I]
        "data are INSERT statements instead of COPY, which restore slowly" => "dump again without --inserts";
    "D014" DumpEncoding "dump-encoding" [I I I I]
        "texts are in another encoding than UTF-8; the server converts them" => "dump again with -E UTF8 if it cannot";
    "D015" DumpEscapingStrings "dump-escaping-strings" [I I I I]
        "backslashes in strings are escapes, as before PostgreSQL 9.1" => "nothing need be done; the server is told";
    "D016" DumpNoOffsets "dump-without-offsets" [I I I I]
        "positions of data are not stored, because the dump went through a pipe: parallel restores are slower"
        => "nothing need be done; pg_dump -f FILE stores them";
    "D017" DumpSecondToc "dump-with-second-toc" [I I I I]
        "the table of contents stands behind the data once more, because the dump was redirected with >"
        => "nothing need be done; pg_dump -f FILE writes it once";
    "D020" DumpCreationTime "dump-creation-time" [W W W W]
        "the dump states a time of its making that does not exist" => "make sure that the dump was not tampered with";
    "D021" DumpIntegers "dump-unusual-integers" [W W W W]
        "integers have more bytes than any known pg_dump writes" => "make sure where the dump comes from";
    "D022" DumpMixedOffsets "dump-mixed-offsets" [W W W W]
        "only a part of the entries states where its data lie" => "make sure where the dump comes from";
    "D023" DumpBlockOrder "dump-blocks-out-of-order" [W W W W]
        "data do not come in the order of their entries: pg_restore cannot read the dump from a pipe"
        => "make sure where the dump comes from, or dump again";
    "D024" DumpSettingMissing "dump-setting-missing" [W W W W]
        "an entry is missing that every pg_dump of the version writes" => "make sure where the dump comes from";
    "D025" DumpUnlistedObjects "dump-unlisted-large-objects" [W W W W]
        "large objects have data and no entry creates them: restoring them fails" => "dump again with pg_dump itself";
    "D026" DumpWithOids "dump-with-oids" [W W W W]
        "tables were created WITH OIDS, which servers since PostgreSQL 12 ignore or refuse"
        => "ALTER TABLE ... SET WITHOUT OIDS, and dump again";

    // What the database says about files, against the documents in the archive.
    "F001" DocumentMissing "document-missing" [I E E E]
        "a row of the database must have a document, and the archive holds none"
        => "look for the file in the storage of the app; if it is lost, delete the row in the app";
    "F002" DocumentOrphan "document-orphan" [I W W W]
        "no row of the database knows the document: it takes space and nobody can reach it"
        => "pack with --on-orphan drop, or keep it if you know what it is for";
    "F003" DocumentSize "document-size-differs" [I W W W]
        "the document is not as long as its row says" => "compare it with the file in the storage of the app";
    "F004" DocumentZero "document-empty" [I W W W]
        "the document is empty, and its row says otherwise" => "look for the whole file in the storage of the app";
    "F005" DocumentNumbered "document-numbered" [I E E E]
        "a row must have a document and names it by a number instead of a uuid, as very old apps did"
        => "give the file a uuid, write it to the row's column __uuid__, and dump again";
    "F006" DocumentUnnamed "document-unnamed" [I W W W]
        "a row must have a document and names none: its uuid is missing or is no uuid" => "repair the row in the app";
    "F007" DocumentUnexpected "document-unexpected" [I I I I]
        "a row says that it has no content, and the archive holds a document for it"
        => "nothing need be done: such files stay where deletion from the storage is switched off";
    "F008" DocumentDeleted "document-deleted-after-download" [I I I I]
        "a row has no document because the app deletes it after the download, which is as it should be"
        => "nothing need be done; such rows and documents live shortly";
    "F010" FilesNotCompared "files-not-compared" [I I I I]
        "the dump does not tell which files the database knows, so they were not compared with the documents"
        => "make sure that the dump is that of the app, with its data in COPY form";
    "F011" FilesTooMany "files-too-many-to-compare" [I W W W]
        "the database knows more files than the limit of entries allows, so they were not compared with the documents"
        => "raise max_entries, if the dump comes from somebody you trust";
}
