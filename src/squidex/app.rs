//! The app in an archive, and the app that a clone becomes: [`App`] and [`NewApp`].

use uuid::Uuid;

use super::error::{ErrorKind, Result};
use super::event::Event;
use super::name::AppName;

/// The base type of the event that creates an app.
const APP_CREATED: &str = "AppCreated";

/// An app: its id and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct App {
    /// The id, a UUID in all known archives.
    pub id: String,
    /// The name in the event that creates the app.
    pub name: String,
}

impl App {
    /// Returns the app that `event` creates, or `None` if it creates none.
    pub(super) fn created_by(event: &Event) -> Result<Option<Self>, ErrorKind> {
        if event.base_kind() != APP_CREATED {
            return Ok(None);
        }
        let payload = event.payload_object()?;
        let app_id = payload.string("appId").ok_or(ErrorKind::EventAppId)?;
        let (id, name) = app_id.split_once(',').ok_or(ErrorKind::EventAppId)?;
        if id.is_empty() {
            return Err(ErrorKind::EventAppId);
        }
        let name = payload.string("name").unwrap_or_else(|| name.to_owned());
        Ok(Some(Self { id: id.to_owned(), name }))
    }
}

/// The id and the name of the app that a clone becomes.
///
/// ```
/// use appsnap::squidex::NewApp;
///
/// let new = NewApp::new(uuid::Uuid::from_u128(7)).with_name("blog-copy")?;
/// assert!(new.with_name("Not a name").is_err());
/// # Ok::<(), appsnap::squidex::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApp {
    pub(super) id: Uuid,
    pub(super) name: Option<AppName>,
}

impl NewApp {
    /// Creates the description of an app with this id, which keeps its name. Squidex uses random UUIDs.
    #[must_use]
    pub const fn new(id: Uuid) -> Self {
        Self { id, name: None }
    }

    /// Sets another name.
    ///
    /// # Errors
    /// Returns an error if `name` is not the name of an app: lower-case letters and digits, with single hyphens between
    /// them.
    pub fn with_name(mut self, name: impl Into<String>) -> Result<Self> {
        self.name = Some(AppName::new(name)?);
        Ok(self)
    }
}
