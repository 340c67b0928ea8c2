//! Codes of the findings about Squidex archives: [`Code`].

use crate::diagnostic::codes;

codes! {
    /// The codes of findings about a Squidex archive.
    ///
    /// Those with severity `Error` make a restore by Squidex fail or lose data. Squidex reports none of them.
    pub enum Code {
        /// There is no `Version.json`. Squidex restores such archives.
        VersionMissing = "X001" "version-missing" Info, "nothing needs to be done";
        /// `Version.json` cannot be read. Squidex restores such archives.
        VersionUnreadable = "X002" "version-unreadable" Warning, "nothing needs to be done for a restore by Squidex";
        /// Two entries have the same name. Squidex restores the first.
        DuplicateEntry = "X003" "duplicate-entry" Warning, "check which program wrote the archive, and compare the two";
        /// An entry has no contents. Squidex treats it as missing.
        EmptyEntry = "X004" "empty-entry" Error, "create the backup again";
        /// An attachment is in another folder than the one that Squidex derives from its name. A restore does not find it.
        MisplacedAttachment = "X005" "misplaced-attachment" Error, "create the backup again";
        /// An entry does not belong to a Squidex backup. A restore ignores it.
        ForeignEntry = "X006" "foreign-entry" Info, "nothing needs to be done";
        /// The numbers of the events have a gap. A restore ends there without an error.
        EventsMissing = "X007" "events-missing" Error, "create the backup again";
        /// There are no events. A restore fails.
        NoEvents = "X008" "no-events" Error, "create the backup again";
        /// The first event does not create the app. A restore fails.
        AppNotFirst = "X009" "app-not-first" Error, "create the backup again";
        /// A second event creates an app. The events after it would be restored to that app.
        SecondApp = "X010" "second-app" Error, "split the archive: it can hold one app only";
        /// `Users.json` is missing, or contains `null`. A restore fails.
        NoUsers = "X011" "no-users" Error, "add an attachment Users.json: an empty JSON object if there are no users";
        /// `Settings.json` is missing. A restore fails.
        NoSettings = "X012" "no-settings" Error, "add an attachment Settings.json: an empty JSON object if there are none";
        /// An event refers to an asset file that is missing. A restore leaves the file out.
        AssetFileMissing = "X013" "asset-file-missing" Error, "restore the file from another backup";
        /// An event has no contents. Squidex parses it, and the restore fails.
        EmptyEvent = "X014" "empty-event" Error, "create the backup again";
        /// The file cannot be read as a backup. The message says why.
        UnreadableBackup = "X015" "unreadable-backup" Error, "create the backup again, or do what the message says";
    }
}
