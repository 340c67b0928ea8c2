//! The checks before the first request: what cannot work is refused at once.

use std::fmt;
use std::fs;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::Path;

use appsnap::detect;
use appsnap::snapshot::ReadOptions;

use crate::page::CheckPage;
use crate::settings::Settings;
use crate::store::Store;

/// A setting that cannot work, and why.
#[derive(Debug)]
pub struct Refused {
    setting: String,
    reason: String,
}

impl Refused {
    pub fn new(setting: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self { setting: setting.into(), reason: reason.to_string() }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.reason)
    }
}

/// The opened resources that the settings name.
pub struct Start {
    pub store: Store,
    pub listener: TcpListener,
    pub check_page: Option<CheckPage>,
}

impl Start {
    /// Opens the store and the address, and looks at the live data.
    pub fn prepare(settings: &Settings) -> Result<Self, Refused> {
        if let Some(files) = &settings.files {
            look_at_files(files)?;
        }
        if let Some(database) = &settings.database {
            look_at_database(database)?;
        }
        let check_page = settings.page.as_deref().map(open_page).transpose()?;
        let read = ReadOptions::new().with_limits(settings.limits.limits());
        let store = Store::open(&settings.store, read).map_err(|error| {
            Refused::new(
                named("--store", &settings.store),
                format!("{error}: name a folder that this user may write to"),
            )
        })?;
        Ok(Self { store, listener: listen(&settings.listen)?, check_page })
    }
}

fn named(option: &str, path: &Path) -> String {
    format!("{option} {path:?}")
}

fn open_page(folder: &Path) -> Result<CheckPage, Refused> {
    CheckPage::open(folder).map_err(|error| {
        Refused::new(
            named("--page", folder),
            format!("{error}: name the folder into which examples/browser/build built the page"),
        )
    })
}

fn look_at_files(files: &Path) -> Result<(), Refused> {
    let listed = fs::read_dir(files).map(drop);
    listed.map_err(|error| {
        Refused::new(named("--files", files), format!("{error}: name the files folder of the app, such as data/files"))
    })
}

fn look_at_database(database: &Path) -> Result<(), Refused> {
    let refused = |reason: &str| Refused::new(named("--database", database), reason);
    let detection = detect::identify_path(database)
        .map_err(|error| refused(&format!("{error}: name a file made by pg_dump --format=custom")))?;
    if detection.is_custom_dump() && !detection.is_gzip() {
        return Ok(());
    }
    let hint = detection.hint().unwrap_or("name a file made by pg_dump --format=custom".into());
    Err(refused(&format!("the file is no custom-format dump ({}): {hint}", detection.name())))
}

/// Listens on the first of the addresses that can be had.
fn listen(address: &str) -> Result<TcpListener, Refused> {
    let refused = |reason: String| Refused::new(format!("--listen {address:?}"), reason);
    let addresses: Vec<SocketAddr> = address
        .to_socket_addrs()
        .map_err(|error| refused(format!("{error}: give a host and a port, such as 127.0.0.1:8080 or localhost:8080")))?
        .collect();
    let listener = TcpListener::bind(addresses.as_slice())
        .map_err(|error| refused(format!("{error}: choose an address of this machine and a port that is free")))?;
    listener.set_nonblocking(true).map_err(|error| refused(error.to_string()))?;
    Ok(listener)
}
