//! State that all requests share.

use std::sync::Arc;

use appsnap::check::Profile;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::answer::Answer;
use crate::judge::Rules;
use crate::live::Live;
use crate::page::CheckPage;
use crate::settings::Settings;
use crate::store::Store;
use crate::work::Workers;

/// State that all requests share.
#[derive(Clone)]
pub struct Service {
    pub store: Store,
    pub rules: Arc<Rules>,
    pub live: Arc<Live>,
    /// The page that checks files in the browser, if it was built.
    pub check_page: Option<CheckPage>,
    /// Checks of uploads, which may take minutes.
    pub jobs: Workers,
    /// Steps of downloads, which take milliseconds and must not wait for checks.
    pub steps: Workers,
    transfers: Arc<Semaphore>,
}

impl Service {
    pub fn new(store: Store, check_page: Option<CheckPage>, settings: &Settings) -> Result<Self, String> {
        let profile = Profile::by_name(&settings.profile).ok_or("--profile: there is no such profile")?;
        Ok(Self {
            store,
            rules: Arc::new(Rules {
                profile,
                limits: settings.limits.limits(),
                max_upload_bytes: settings.max_upload_bytes,
                min_free_bytes: settings.min_free_bytes,
                patience: settings.patience(),
            }),
            live: Arc::new(Live::new(settings)),
            check_page,
            jobs: Workers::new(settings.workers.into()),
            steps: Workers::new(settings.workers.into()),
            transfers: Arc::new(Semaphore::new(settings.max_transfers.into())),
        })
    }

    /// Waits for a place for an upload or a download, which holds it as long as it lasts.
    pub async fn place(&self) -> Result<OwnedSemaphorePermit, Answer> {
        let place = timeout(self.rules.patience, Arc::clone(&self.transfers).acquire_owned()).await;
        place.map_err(|_| Answer::busy())?.map_err(Answer::internal)
    }
}
