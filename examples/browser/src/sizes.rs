//! The sizes of documents, for a picture.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use appsnap::DocumentId;
use appsnap::observe::{Event, Observer};
use serde_json::{Value, json};

/// The number of the largest documents that are named.
const LARGEST_COUNT: usize = 10;
/// The number of classes: each is up to ten times as large as the one before, the first is less than 1 kB.
const CLASSES: usize = 8;

/// The sizes of the documents of an archive, in classes, and its largest documents.
#[derive(Default)]
pub(crate) struct Sizes {
    /// The number of documents and the sum of their sizes.
    classes: [(u64, u64); CLASSES],
    largest: BinaryHeap<Reverse<(u64, DocumentId)>>,
    known_bytes: u64,
}

impl Sizes {
    fn add(&mut self, id: DocumentId, bytes: u64) {
        let class = usize::try_from(bytes.checked_ilog10().unwrap_or(0).saturating_sub(2)).unwrap_or(CLASSES);
        if let Some((count, sum)) = self.classes.get_mut(class.min(CLASSES.saturating_sub(1))) {
            *count = count.saturating_add(1);
            *sum = sum.saturating_add(bytes);
        }
        self.largest.push(Reverse((bytes, id)));
        if self.largest.len() > LARGEST_COUNT {
            self.largest.pop();
        }
    }

    /// Returns the classes from the smallest on, and the largest documents.
    pub(crate) fn json(self) -> Value {
        let classes = self.classes.iter().map(|(count, bytes)| json!({ "count": count, "bytes": bytes }));
        let largest = self.largest.into_sorted_vec();
        let largest = largest.iter().map(|Reverse((bytes, id))| json!({ "id": id.to_string(), "bytes": bytes }));
        json!({ "classes": classes.collect::<Vec<_>>(), "largest": largest.collect::<Vec<_>>() })
    }
}

impl Observer for Sizes {
    fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        if let Event::Document { id, document_bytes, .. } = *event {
            let bytes = document_bytes.saturating_sub(self.known_bytes);
            self.known_bytes = document_bytes;
            self.add(id, bytes);
        }
        ControlFlow::Continue(())
    }
}
