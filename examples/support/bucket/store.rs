//! The store that a URL names, with the settings from the environment: [`Place`].

use std::path::Path;
use std::sync::{Arc, OnceLock};

use appsnap::io::Parallelism;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::http::HttpBuilder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{ClientOptions, ObjectStore, ObjectStoreScheme};
use tokio::runtime::{Builder, Handle, Runtime};
use url::{Position, Url};

use super::requests::Counting;
use crate::support::{Failure, Outcome, shown};

/// Concurrent listings of a store that lists keys in order.
const LISTINGS: u8 = 16;

/// Returns the runtime of this process.
pub fn runtime() -> Outcome<Handle> {
    static RUNTIME: OnceLock<Result<Runtime, std::io::Error>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| Builder::new_multi_thread().worker_threads(2).enable_all().build());
    match runtime {
        Ok(runtime) => Ok(runtime.handle().clone()),
        Err(error) => Err(Failure::environment("the network", error.to_string())),
    }
}

/// A store, and a location in it.
pub struct Place {
    pub store: Arc<dyn ObjectStore>,
    /// The key of an object, or a folder.
    pub path: ObjectPath,
    /// Concurrent listings.
    pub listing: Parallelism,
    /// The client, if it is S3 by the name of a bucket.
    pub s3: Option<Bucket>,
}

/// A bucket of S3.
pub struct Bucket {
    pub client: Arc<AmazonS3>,
    pub name: String,
    pub region: String,
}

impl Place {
    /// Returns the store and the location that `url` names.
    pub fn of(url: &Path) -> Outcome<Self> {
        let failed = |error: String| Failure::environment(shown(url), error);
        let text = url.to_str().ok_or_else(|| failed("a URL is UTF-8".to_owned()))?;
        let parsed = Url::parse(text).map_err(|error| failed(format!("not a URL: {error}")))?;
        if parsed.query().is_some() || parsed.fragment().is_some() {
            return Err(failed("a key with `?` or `#` in it is written with %3F or %23 in a URL".to_owned()));
        }
        let (scheme, path) = ObjectStoreScheme::parse(&parsed).map_err(|error| failed(error.to_string()))?;
        if matches!(scheme, ObjectStoreScheme::AmazonS3) {
            refuse_plain_endpoint(url)?;
        }
        let listing = match scheme {
            ObjectStoreScheme::AmazonS3 | ObjectStoreScheme::GoogleCloudStorage => Parallelism::threads(LISTINGS),
            _ => Parallelism::INLINE,
        };
        if matches!(scheme, ObjectStoreScheme::AmazonS3) {
            let builder = AmazonS3Builder::from_env().with_url(parsed.as_str()).with_http_connector(Counting);
            let region = builder.get_config_value(&AmazonS3ConfigKey::Region).unwrap_or_else(|| "us-east-1".to_owned());
            let client = Arc::new(builder.build().map_err(|error| failed(error.to_string()))?);
            let is_named = parsed.scheme().starts_with("s3");
            let name = parsed.host_str().filter(|_| is_named).map(str::to_owned);
            let s3 = name.map(|name| Bucket { client: Arc::clone(&client), name, region });
            return Ok(Self { store: client, path, listing, s3 });
        }
        let store = store(&scheme, &parsed).map_err(|error| failed(error.to_string()))?;
        Ok(Self { store, path, listing, s3: None })
    }
}

fn store(scheme: &ObjectStoreScheme, url: &Url) -> object_store::Result<Arc<dyn ObjectStore>> {
    Ok(match scheme {
        ObjectStoreScheme::GoogleCloudStorage => Arc::new(
            GoogleCloudStorageBuilder::from_env().with_url(url.as_str()).with_http_connector(Counting).build()?,
        ),
        ObjectStoreScheme::MicrosoftAzure => {
            Arc::new(MicrosoftAzureBuilder::from_env().with_url(url.as_str()).with_http_connector(Counting).build()?)
        }
        ObjectStoreScheme::Http => {
            let options = ClientOptions::new().with_allow_http(true);
            let builder = HttpBuilder::new().with_url(&url[..Position::BeforePath]).with_client_options(options);
            Arc::new(builder.with_http_connector(Counting).build()?)
        }
        ObjectStoreScheme::Local => Arc::new(LocalFileSystem::new()),
        _ => {
            let source = "commands read and write s3, gs, az, http, https and file".into();
            return Err(object_store::Error::Generic { store: "URL", source });
        }
    })
}

/// The client refuses an endpoint without TLS with a message that does not say what to set.
fn refuse_plain_endpoint(url: &Path) -> Outcome {
    let is_set = |names: &[&str], is_wanted: fn(&str) -> bool| {
        names.iter().any(|name| std::env::var(name).is_ok_and(|value| is_wanted(&value)))
    };
    let is_plain =
        is_set(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"], |value| value.starts_with("http://"));
    let is_allowed = is_set(&["AWS_ALLOW_HTTP"], |value| ["1", "true", "yes", "on"].contains(&&*value.to_lowercase()));
    if is_plain && !is_allowed {
        let message = "the endpoint is not encrypted (http://): use https://, or set AWS_ALLOW_HTTP=true";
        return Err(Failure::environment(shown(url), message));
    }
    Ok(())
}
