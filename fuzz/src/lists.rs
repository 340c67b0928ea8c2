//! Listings of backups as platforms give them.

use appsnap::catalog;

use crate::archive::read::describe;

/// Letters of all scripts may be shown; what moves a cursor, turns the direction of writing or hides may not.
fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

pub fn catalog_listing(data: &[u8]) {
    let detected = catalog::detect(data);
    match catalog::read(data) {
        Err(error) => {
            let text = describe(&error);
            assert!(!text.contains(is_harmful), "{text:?}");
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
