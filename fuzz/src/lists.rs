//! Listings of backups as platforms give them.

use appsnap::catalog;

use crate::archive::read::describe;

pub fn catalog_listing(data: &[u8]) {
    let detected = catalog::detect(data);
    match catalog::read(data) {
        Err(error) => {
            let text = describe(&error);
            assert!(text.chars().all(|c| (' '..='~').contains(&c)), "{text:?}");
        }
        Ok(listing) => {
            assert_eq!(detected.ok().flatten(), Some(listing.format));
            assert_eq!(catalog::read_as(data, listing.format).expect("as before"), listing);
            assert_eq!(listing.to_backups().len(), listing.records.len());
            assert!(!listing.is_partial() || listing.total_count.is_some());
            let text = serde_json::to_string(&listing.records).expect("records can be written");
            assert!(!text.is_empty());
            let _ = catalog::platformsh::table(&listing.records);
        }
    }
}
