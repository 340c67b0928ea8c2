//! Codes of findings about the tar framing: [`Code`].

use crate::diagnostic::codes;

codes! {
    /// The codes of findings about the tar framing.
    ///
    /// From `T030` on they are what the reader tolerates; the others stop it.
    pub enum Code {
        /// The archive ends before its end marker, so it is unknown what is missing.
        TarTruncated = "T001" "tar-truncated" Error, "create or transfer the archive again";
        /// A header does not have the checksum that it states.
        TarHeaderDamaged = "T002" "tar-header-damaged" Error, "create or transfer the archive again";
        /// A block of zeros is between members: some programs stop there and others read on.
        TarStrayZeroBlock = "T003" "tar-stray-zero-block" Error,
            "create the archive in one pass instead of joining pieces";
        /// Something other than zeros follows the end marker, where some programs never see it.
        TarTrailingData = "T004" "tar-trailing-data" Error, "create the archive in one pass instead of joining pieces";
        /// A number in a header is one that programs read differently.
        TarNumber = "T005" "tar-number" Error, "create the archive with a common tar program";
        /// A header is of no known dialect, or mixes two.
        TarDialect = "T006" "tar-dialect" Error, "create the archive with a common tar program";
        /// An extension has a header without a magic or without a version.
        ExtensionWithoutMagic = "T010" "extension-without-magic" Error, "create the archive with a common tar program";
        /// An extension is not followed by a member that it could belong to.
        ExtensionDangling = "T011" "extension-dangling" Error, "create or transfer the archive again";
        /// An extension states something twice, so its meaning depends on the program that reads it.
        ExtensionDuplicate = "T012" "extension-duplicate" Error, "create the archive with a common tar program";
        /// A global header changes the names or sizes of all members.
        ExtensionGlobal = "T013" "extension-global" Error, "create the archive with a common tar program";
        /// An extension is not in the form that its standard requires.
        ExtensionMalformed = "T014" "extension-malformed" Error, "create the archive with a common tar program";
        /// A pax header and a GNU long name apply to one member.
        ExtensionMixed = "T015" "extension-mixed" Error, "create the archive with one tar program, not with two";
        /// A number in a pax header is not plain decimal.
        ExtensionNumber = "T016" "extension-number" Error, "create the archive with a common tar program";
        /// A header and its extension give a member different names.
        ExtensionPathConflict = "T017" "extension-path-conflict" Error, "create the archive with a common tar program";
        /// A header and its extension give a member different lengths; members could be hidden in the difference.
        ExtensionSizeConflict = "T018" "extension-size-conflict" Error,
            "create the archive with a common tar program; if its source is untrusted, treat it as an attack";
        /// An extension names a link target for a member that is not a link.
        ExtensionLinkTarget = "T019" "extension-link-target" Error, "create the archive with a common tar program";
        /// A member is a symbolic or hard link, which a snapshot cannot hold.
        TypeLink = "T020" "type-link" Error, "create the archive with tar --dereference --hard-dereference";
        /// A member is a device or a FIFO, which a snapshot cannot hold.
        TypeDevice = "T021" "type-device" Error, "leave it out and pack again";
        /// A member is stored as a sparse file, which programs read differently.
        TypeSparse = "T022" "type-sparse" Error, "create the archive without --sparse";
        /// A member states a length although its type has no content.
        TypeWithPayload = "T023" "type-with-payload" Error, "create the archive with a common tar program";
        /// A member is of a type that a snapshot cannot hold.
        TypeUnsupported = "T024" "type-unsupported" Error, "put only files and folders into the archive";
        /// A member has set-id or sticky bits, which are never applied.
        ModeBitsIgnored = "T030" "mode-bits-ignored" Warning, "no action is needed; packing again removes them";
        /// A member is a contiguous file, which is read as a file.
        TypeTreatedAsFile = "T031" "type-treated-as-file" Warning, "no action is needed; packing again removes it";
        /// An empty file whose name ends with a slash is read as a folder.
        TypeTreatedAsDirectory = "T032" "type-treated-as-directory" Warning,
            "no action is needed; packing again removes it";
        /// A header has bytes where every program ignores them.
        IgnoredFieldMalformed = "T033" "ignored-field-malformed" Warning,
            "no action is needed; packing again removes them";
        /// The archive ends with one block of zeros instead of two.
        ShortEndMarker = "T034" "short-end-marker" Warning, "no action is needed; packing again repairs it";
    }
}
