//! Codes of what is noticed about a listing: [`Code`].

use crate::diagnostic::codes;

codes! {
    /// The codes of findings about a listing of backups.
    pub enum Code {
        /// The platform reports more backups than the listing contains. Rules that count do not see the others.
        ListingIncomplete = "B001" "listing-incomplete" Warning, "read the other pages as well";
        /// The same backup appears more than once, as in pages that overlap. It counts once.
        RepeatedRecord = "B002" "repeated-record" Info, "nothing needs to be done";
        /// The listing does not say which backups are automated and which are manual. All are taken for automated ones.
        OriginUnknown = "B003" "origin-unknown" Warning, "list the backups again with --columns +automated, or as JSON";
        /// The table has no heading. Its columns are taken for Created, Backup ID and Restorable.
        HeadingMissing = "B004" "heading-missing" Info, "list the backups again without --no-header";
        /// The listing contains times without a UTC offset. They are read in UTC.
        LocalTime = "B005" "local-time" Warning, "name the time zone of the machine that printed the list";
        /// The text is the answer about one backup, not a list. Rules that count do not see the others.
        SingleRecord = "B006" "single-record" Warning, "read the list of all backups";
        /// The platform reports a state that is not known here. The backup is taken for one that is running.
        UnknownState = "B007" "unknown-state" Warning, "look up the backup in the portal";
    }
}
