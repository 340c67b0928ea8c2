//! The encryption of a connection, by the settings that PostgreSQL's own programs have for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature, verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme, version};
use tokio_postgres_rustls::MakeRustlsConnect;
use x509_cert::Certificate;
use x509_cert::certificate::Version;
use x509_cert::der::asn1::{Ia5StringRef, PrintableStringRef, Utf8StringRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};

use crate::settings::{Settings, home};

/// The attribute of a subject that is its common name, X.520.
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
/// The extension that lists the names of a server, RFC 5280, section 4.2.1.6.
const ALTERNATIVE_NAMES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
/// The value of `sslrootcert` for the certificates of the operating system.
pub const SYSTEM: &str = "system";

type Result<T> = std::result::Result<T, String>;

/// The setting `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    Disable,
    /// Encrypts if the server can. `allow` is taken as this, too.
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Mode {
    pub fn of(settings: &Settings) -> Result<Self> {
        let is_system = settings.get("sslrootcert") == Some(SYSTEM);
        let mode = match settings.get("sslmode") {
            None if is_system => Self::VerifyFull,
            None | Some("prefer" | "allow") => Self::Prefer,
            Some("disable") => Self::Disable,
            Some("require") => Self::Require,
            Some("verify-ca") => Self::VerifyCa,
            Some("verify-full") => Self::VerifyFull,
            Some(_) => {
                return Err("sslmode is not disable, allow, prefer, require, verify-ca or verify-full".to_owned());
            }
        };
        if is_system && mode != Self::VerifyFull {
            return Err("sslrootcert=system needs sslmode=verify-full: anyone can get a certificate for another name"
                .to_owned());
        }
        Ok(mode)
    }
}

/// Returns what encrypts connections with these settings.
pub fn connector(settings: &Settings, mode: Mode) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::of(settings, mode, Arc::clone(&provider))?;
    let key_provider = provider.key_provider;
    let versions: Vec<_> = [&version::TLS12, &version::TLS13]
        .into_iter()
        .zip(["TLSv1.2", "TLSv1.3"])
        .filter(|(_, name)| {
            let least = settings.get("ssl_min_protocol_version").unwrap_or("TLSv1.2");
            let most = settings.get("ssl_max_protocol_version").unwrap_or("TLSv1.3");
            (least..=most).contains(name)
        })
        .map(|(version, _)| version)
        .collect();
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(|_| "no version of TLS is left: TLSv1.2 and TLSv1.3 are supported".to_owned())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match own_certificate(settings)? {
        Some((chain, key)) => {
            let key = key_provider.load_private_key(key).map_err(|error| format!("sslkey: {error}"))?;
            // Without a look at the certificate, whose version may be older than what is verified here: the server decides.
            let shown = SingleCertAndKey::from(CertifiedKey::new(chain, key));
            builder.with_client_cert_resolver(Arc::new(shown))
        }
        None => builder.with_no_client_auth(),
    };
    config.enable_sni = settings.get("sslsni") != Some("0");
    if settings.get("sslnegotiation") == Some("direct") {
        config.alpn_protocols = vec![b"postgresql".to_vec()];
    }
    Ok(MakeRustlsConnect::new(config))
}

/// Returns the certificate that this side shows, if there is one.
fn own_certificate(settings: &Settings) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>> {
    if settings.get("sslcertmode") == Some("disable") {
        return Ok(None);
    }
    let Some(file) = file_of(settings, "sslcert", "postgresql.crt")? else { return Ok(None) };
    let key = file_of(settings, "sslkey", "postgresql.key")?
        .ok_or_else(|| format!("there is a certificate, {file:?}, and no key for it: name it with sslkey"))?;
    let chain = certificates(&file)?;
    let key = PrivateKeyDer::from_pem_file(&key).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            format!("sslkey: {key:?} has no key without a password: decrypt it with openssl pkey")
        }
        error => format!("sslkey: {key:?}: {error}"),
    })?;
    Ok(Some((chain, key)))
}

/// Returns the file that a setting names, or else the one in the user's folder if it exists.
fn file_of(settings: &Settings, name: &str, usual: &str) -> Result<Option<PathBuf>> {
    if let Some(named) = settings.get(name) {
        let file = PathBuf::from(named);
        return match std::fs::metadata(&file) {
            Ok(_) => Ok(Some(file)),
            Err(error) => Err(format!("{name}: {file:?}: {error}")),
        };
    }
    Ok(home().map(|home| home.join(".postgresql").join(usual)).filter(|file| file.is_file()))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => Err(format!("{file:?} has no certificate in PEM format")),
        Ok(found) => Ok(found),
        Err(error) => Err(format!("{file:?}: {error}")),
    }
}

/// Verifies the certificate of a server as libpq does: nothing, who issued it, or also its name.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    /// `None` if any certificate will do.
    issuers: Option<Arc<WebPkiServerVerifier>>,
    trusted: Vec<CertificateDer<'static>>,
    verifies_name: bool,
}

impl Verifier {
    fn of(settings: &Settings, mode: Mode, provider: Arc<CryptoProvider>) -> Result<Self> {
        let trusted = Self::trusted(settings, mode)?;
        let mut roots = RootCertStore::empty();
        let (_, unreadable_count) = roots.add_parsable_certificates(trusted.iter().cloned());
        if roots.is_empty() && unreadable_count > 0 {
            return Err("none of the certificates of sslrootcert can be used: they are damaged".to_owned());
        }
        let issuers = if roots.is_empty() {
            None
        } else {
            let built = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build();
            Some(built.map_err(|error| format!("sslrootcert: {error}"))?)
        };
        Ok(Self { provider, issuers, trusted, verifies_name: mode == Mode::VerifyFull })
    }

    /// Returns the certificates whose issuers are trusted; none if nothing is verified.
    fn trusted(settings: &Settings, mode: Mode) -> Result<Vec<CertificateDer<'static>>> {
        // An encryption that is not demanded protects from nothing.
        if mode < Mode::Require {
            return Ok(Vec::new());
        }
        if settings.get("sslrootcert") == Some(SYSTEM) {
            let loaded = rustls_native_certs::load_native_certs();
            return match loaded.errors.first() {
                _ if !loaded.certs.is_empty() => Ok(loaded.certs),
                Some(error) => Err(format!("the certificates of the operating system: {error}")),
                None => Err("the operating system has no certificates: name a file with sslrootcert".to_owned()),
            };
        }
        match file_of(settings, "sslrootcert", "root.crt")? {
            Some(file) => certificates(&file).map_err(|error| format!("sslrootcert: {error}")),
            None if mode == Mode::Require => Ok(Vec::new()),
            None => Err("there is no file ~/.postgresql/root.crt: name the certificate of the server's issuer with sslrootcert, or use sslrootcert=system".to_owned()),
        }
    }

    /// Compares the name of the server with the certificate's.
    fn verify_name(&self, certificate: &CertificateDer<'_>, name: &ServerName<'_>) -> std::result::Result<(), Error> {
        if !self.verifies_name {
            return Ok(());
        }
        let compared = ParsedCertificate::try_from(certificate)
            .and_then(|parsed| rustls::client::verify_server_name(&parsed, name));
        // As libpq: the common name counts where there is no other.
        match (&compared, common_name(certificate)) {
            (Err(_), Some(common)) if is_same_name(&common, &name.to_str()) => Ok(()),
            _ => compared,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> std::result::Result<ServerCertVerified, Error> {
        let Some(issuers) = &self.issuers else { return Ok(ServerCertVerified::assertion()) };
        match issuers.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            Ok(verified) => return Ok(verified),
            // The issuer is verified before the name.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => {}
            // A server's own certificate that is trusted itself may be one of an issuer, as openssl makes them.
            Err(error) => {
                if !self.trusted.contains(end_entity) {
                    return Err(error);
                }
                verify_validity(end_entity, now)?;
            }
        }
        self.verify_name(end_entity, server_name).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        match verify_tls13_signature(message, cert, dss, algorithms) {
            // Where the certificate is not verified, its version does not matter.
            Err(error) if self.issuers.is_none() => match key_of_version_1(cert) {
                Some(key) => verify_tls13_signature_with_raw_key(message, &key, dss, algorithms),
                None => Err(error),
            },
            verified => verified,
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Returns the key in a certificate of version 1, which has no extensions and cannot be verified here.
fn key_of_version_1(certificate: &CertificateDer<'_>) -> Option<SubjectPublicKeyInfoDer<'static>> {
    let parsed = Certificate::from_der(certificate).ok()?.tbs_certificate;
    let key = (parsed.version == Version::V1).then(|| parsed.subject_public_key_info.to_der().ok())??;
    Some(key.into())
}

/// Returns the remedy for a certificate that was refused.
pub fn remedy(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let error = error.downcast_ref::<std::io::Error>()?.get_ref()?.downcast_ref::<Error>()?;
    let Error::InvalidCertificate(error) = error else { return None };
    Some(match error {
        CertificateError::UnknownIssuer => untrusted(),
        CertificateError::NotValidForName => {
            "the server's certificate is for another name than that of the host: connect by the name in it".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, .. } => {
            format!("the server's certificate is not for the host {}: connect by the name in it", expected.to_str())
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired: renew it".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet: compare the clocks".to_owned()
        }
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => untrusted(),
        CertificateError::Other(other) if other.to_string().contains("UnsupportedCertVersion") => {
            "the server's certificate is of version 1, which cannot be verified: issue one with extensions (openssl x509 -extfile)".to_owned()
        }
        _ => return None,
    })
}

fn untrusted() -> String {
    "the server's certificate is from an issuer that is not trusted: name the issuer's certificate with sslrootcert"
        .to_owned()
}

fn verify_validity(certificate: &CertificateDer<'_>, now: UnixTime) -> std::result::Result<(), Error> {
    let parsed = Certificate::from_der(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let validity = parsed.tbs_certificate.validity;
    let now_seconds = now.as_secs();
    if now_seconds < validity.not_before.to_unix_duration().as_secs() {
        return Err(CertificateError::NotValidYet.into());
    }
    if now_seconds > validity.not_after.to_unix_duration().as_secs() {
        return Err(CertificateError::Expired.into());
    }
    Ok(())
}

/// Returns the common name of a certificate that has no alternative names.
fn common_name(certificate: &CertificateDer<'_>) -> Option<String> {
    let certificate = Certificate::from_der(certificate).ok()?.tbs_certificate;
    let extensions = certificate.extensions.unwrap_or_default();
    if extensions.iter().any(|extension| extension.extn_id == ALTERNATIVE_NAMES) {
        return None;
    }
    let mut names = certificate.subject.0.iter().flat_map(|parts| parts.0.iter());
    let value = &names.rfind(|part| part.oid == COMMON_NAME)?.value;
    let text = value.decode_as::<Utf8StringRef<'_>>().map(|text| text.as_str().to_owned());
    let text = text.or_else(|_| value.decode_as::<PrintableStringRef<'_>>().map(|text| text.as_str().to_owned()));
    text.or_else(|_| value.decode_as::<Ia5StringRef<'_>>().map(|text| text.as_str().to_owned())).ok()
}

/// Compares names without regard to case. An asterisk at the beginning stands for one label.
fn is_same_name(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(rest) => name.split_once('.').is_some_and(|(_, of_name)| rest.eq_ignore_ascii_case(of_name)),
        None => pattern.eq_ignore_ascii_case(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_libpq_compares_them() {
        assert!(is_same_name("DB.example.com", "db.EXAMPLE.com") && is_same_name("*.example.com", "db.example.com"));
        assert!(!is_same_name("*.example.com", "a.db.example.com") && !is_same_name("db", "db.example.com"));
    }
}
