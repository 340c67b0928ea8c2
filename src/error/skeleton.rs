//! The skeleton of every error: a reason, a position, a context and a cause in one pointer.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use super::category::Category;

/// The detailed reason of a module's error.
pub(crate) trait Kind: Clone + fmt::Debug + fmt::Display + Send + Sync + 'static {
    /// The bytes in which positions are counted, such as `the tar stream`; empty if there is only one choice.
    const POSITION_IN: &'static str = "";

    /// The party that has to act. An I/O error whose source says otherwise is corrected by the skeleton.
    fn category(&self) -> Category;

    /// The error of another module that this one repeats.
    fn inner(&self) -> Option<&dyn ModuleError> {
        None
    }

    /// The kind of the [`io::Error`] that carries this error, if the category does not say it.
    fn io_kind(&self) -> Option<io::ErrorKind> {
        None
    }
}

/// The answers that every module's error gives, for [`Error`] and for modules that pass an error on.
pub(crate) trait ModuleError: StdError + Send + Sync + 'static {
    fn category(&self) -> Category;
    fn position(&self) -> Option<u64>;
    fn context(&self) -> Option<&str>;
}

/// A pointer to a reason, where it happened, and its cause. Cloning shares it.
pub(crate) struct Skeleton<K>(Arc<Inner<K>>);

#[derive(Clone)]
struct Inner<K> {
    kind: K,
    position: Option<u64>,
    /// Escaped.
    context: Option<Box<str>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl<K: Kind> Skeleton<K> {
    #[cold]
    pub(crate) fn new(kind: K) -> Self {
        Self(Arc::new(Inner { kind, position: None, context: None, source: None }))
    }

    /// Adds the position. The first one stays: it is the closest to the cause.
    #[cold]
    pub(crate) fn at(mut self, position: u64) -> Self {
        Arc::make_mut(&mut self.0).position.get_or_insert(position);
        self
    }

    /// Adds the context, which is printable. The first one stays.
    #[cold]
    pub(crate) fn within(mut self, context: impl Into<String>) -> Self {
        if self.context().is_none() {
            Arc::make_mut(&mut self.0).context = Some(context.into().into_boxed_str());
        }
        self
    }

    #[cold]
    pub(crate) fn because(mut self, source: Arc<dyn StdError + Send + Sync>) -> Self {
        Arc::make_mut(&mut self.0).source = Some(source);
        self
    }

    pub(crate) fn kind(&self) -> &K {
        &self.0.kind
    }

    pub(crate) fn position(&self) -> Option<u64> {
        self.0.position.or_else(|| self.0.kind.inner().and_then(ModuleError::position))
    }

    pub(crate) fn context(&self) -> Option<&str> {
        self.0.context.as_deref().or_else(|| self.0.kind.inner().and_then(ModuleError::context))
    }

    pub(crate) fn shared_source(&self) -> Option<&Arc<dyn StdError + Send + Sync>> {
        self.0.source.as_ref()
    }

    fn io_source(&self) -> Option<&io::Error> {
        self.0.source.as_ref()?.downcast_ref()
    }

    pub(crate) fn category(&self) -> Category {
        match self.0.kind.category() {
            Category::Io => self.io_source().map_or(Category::Io, Category::of_io),
            category => category,
        }
    }

    pub(crate) fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.source {
            Some(source) => Some(&**source),
            // The inner error's message is part of this one's; its source comes next in the chain.
            None => self.0.kind.inner().and_then(|inner| StdError::source(inner)),
        }
    }

    pub(crate) fn io_kind(&self) -> io::ErrorKind {
        let category = self.category();
        match self.io_source() {
            Some(source) if matches!(self.0.kind.category(), Category::Io) => source.kind(),
            _ => self.0.kind.io_kind().unwrap_or_else(|| category.io_kind()),
        }
    }
}

impl<K> Clone for Skeleton<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Kind> fmt::Display for Skeleton<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, position, context, .. } = &*self.0;
        // An inner error prints its own context and position.
        let inner = kind.inner();
        let inner_context = inner.and_then(ModuleError::context);
        if let Some(context) = context
            && inner_context != Some(context)
        {
            write!(f, "{context}: ")?;
        }
        fmt::Display::fmt(kind, f)?;
        match position {
            Some(position) if inner.and_then(ModuleError::position).is_none() => {
                write!(f, " (at byte {position}")?;
                if !K::POSITION_IN.is_empty() {
                    write!(f, " of {}", K::POSITION_IN)?;
                }
                f.write_str(")")
            }
            _ => Ok(()),
        }
    }
}

impl<K: Kind> fmt::Debug for Skeleton<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, position, context, source } = &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("position", position)
            .field("context", context)
            .field("source", source)
            .finish()
    }
}

/// The error of type `E` that `source` carried through `Read` or `Write`.
pub(crate) fn carried<E: StdError + Clone + 'static>(source: &(dyn StdError + 'static)) -> Option<E> {
    source.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref().cloned()
}
