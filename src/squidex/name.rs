//! Names of Squidex apps: [`AppName`].

use super::error::{ErrorKind, Result};

/// The name of an app: lower-case letters and digits, with single hyphens between them.
///
/// Squidex uses the pattern `^[a-z0-9]+(\-[a-z0-9]+)*$`; it sets no length.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct AppName(String);

impl AppName {
    pub(super) fn new(text: impl Into<String>) -> Result<Self> {
        let text = text.into();
        let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if text.split('-').all(word) { Ok(Self(text)) } else { Err(ErrorKind::AppName.into()) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn app_names_follow_the_pattern() {
        for good in ["a", "0", "my-blog", "a-1-b-2"] {
            assert!(AppName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-", "a-", "-a", "a--b", "A", "a b", "a_b", "ä", "a\n"] {
            assert!(matches!(AppName::new(bad).unwrap_err().kind(), ErrorKind::AppName), "{bad:?}");
        }
    }
}
