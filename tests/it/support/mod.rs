//! What several topics share.
