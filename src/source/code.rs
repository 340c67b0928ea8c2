//! Codes of the files that a plan leaves out: [`Code`].

use crate::diagnostic::codes;

codes! {
    /// The codes of files and folders that a plan leaves out.
    pub enum Code {
        /// The name of a file is not a UUID, after the prefix and suffix of the keys were removed.
        NotAnId = "P001" "not-an-id" Warning, "if every key has a prefix or suffix, set it in the options";
        /// A file is named by a number, as very old apps did: `NN/<number>`, where `NN` is the number of its thousands, in
        /// two digits at least.
        Numbered = "P002" "numbered" Warning, "give the file a UUID, and write it to the row of the document";
        /// A document is in a folder that does not match its UUID.
        WrongShard = "P003" "wrong-shard" Warning, "move the file to the folder of its UUID";
        /// A document has several files, in different folders or with different letter case. The one in the deepest folder
        /// is used.
        Duplicate = "P004" "duplicate" Warning, "compare the two files";
        /// A symbolic link. Links are never followed.
        Symlink = "P005" "symlink" Warning, "replace the link by the file";
        /// A device, a pipe or a socket.
        Special = "P006" "special" Warning, "nothing needs to be done: it cannot be a document";
        /// A folder that is not a shard folder. It is not entered.
        Folder = "P007" "folder" Warning, "if it contains documents, use it as the files folder";
        /// A file that a file manager or file server created, such as `Thumbs.db` or `.DS_Store`.
        Junk = "P008" "junk" Info, "nothing needs to be done";
        /// A file that was deleted after its folder was listed.
        Vanished = "P009" "vanished" Warning, "stop the app while its files are read";
        /// A file or folder that the system does not allow to be read. Reported only where the options say to continue.
        Unreadable = "P010" "unreadable" Error, "run with the rights of the app server";
        /// A member of an archive whose name escapes from its folder or contains control characters.
        UnsafeName = "P011" "unsafe-name" Warning, "nothing needs to be done: it cannot be a document";
    }
}

impl Code {
    /// Returns the message of a diagnostic with this code.
    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::NotAnId => "the name is not a UUID",
            Self::Numbered => "the name is a number",
            Self::WrongShard => "the folder does not match the UUID",
            Self::Duplicate => "another file of this document is used",
            Self::Symlink => "links are not followed",
            Self::Special => "neither a file nor a folder",
            Self::Folder => "not a shard folder",
            Self::Junk => "created by a file manager or file server",
            Self::Vanished => "deleted before it could be read",
            Self::Unreadable => "the system denied access",
            Self::UnsafeName => "the name escapes from its folder or contains control characters",
        }
    }
}
