//! Finds the edition of a platform's policy that agrees with the dates which the platform states: [`fitting`].

use super::super::backup::Backup;
use super::super::calendar::Calendar;
use super::super::plan::{Expiry, agrees};
use super::super::policy::data::Policy;
use super::super::schedule::Region;
use super::{mendix_cloud, mendix_cloud_2021, mendix_on_azure};

/// Returns the edition of a platform's policy that gives every date which the platform
/// [states](Backup::stated_expiry), in the time zone of a calendar or else in that of a region. `None` if no edition does,
/// or if no backup has such a date.
///
/// Backups that the edition gives no date, such as failed ones, do not matter.
///
/// ```
/// use appsnap::retention::{Backup, Calendar, presets};
///
/// let nightly = Backup::new("a", "2021-05-04T01:41:27Z".parse()?).with_stated_expiry("2021-05-18T01:41:27Z".parse()?);
/// let edition = presets::fitting(&[nightly], &Calendar::utc()).unwrap();
/// assert_eq!(edition.name(), "mendix-cloud");
/// # Ok::<(), appsnap::jiff::Error>(())
/// ```
#[must_use]
pub fn fitting<Id>(backups: &[Backup<Id>], calendar: &Calendar) -> Option<Policy> {
    let zones = [calendar.zone_name()].into_iter().chain(Region::all().map(|region| region.zone_name));
    let editions = zones.flat_map(|zone| {
        let editions = [mendix_cloud(), mendix_cloud_2021(), mendix_on_azure()];
        editions.into_iter().filter_map(|edition| edition.in_zone(zone).ok())
    });
    editions.into_iter().find(|edition| fits(edition, backups))
}

fn fits<Id>(edition: &Policy, backups: &[Backup<Id>]) -> bool {
    let mut agreed = false;
    for backup in backups {
        let Some(stated) = backup.stated_expiry() else { continue };
        match edition.expires_at(backup) {
            Some(Expiry::At(given)) if agrees(stated, given) => agreed = true,
            Some(_) => return false,
            None => {}
        }
    }
    agreed
}
