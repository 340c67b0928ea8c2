//! Downloads in whole and in part, and those that are not necessary.

use super::Service;
use super::requests::{good, sha256};

#[test]
fn archive_and_documents_are_given_out_in_ranges() {
    let service = Service::start(&[]);
    let contents = good(5);
    let place = service.upload(&contents.archive()).header("location").unwrap().to_owned();
    let (id, content) = contents.documents.iter().find(|(_, content)| content.len() > 100).unwrap();
    let whole = service.get(&place).body;
    for (target, whole) in [(place.clone(), whole.as_slice()), (format!("{place}/documents/{id}"), content)] {
        let get = |headers: &[(&str, &str)]| service.client.ask("GET", &target, headers);
        let answer = get(&[]);
        let etag = answer.header("etag").unwrap().to_owned();
        assert_eq!((answer.header("accept-ranges"), answer.body.as_slice()), (Some("bytes"), whole));
        assert_eq!(answer.header("content-length"), Some(whole.len().to_string().as_str()));

        let head = service.client.ask("HEAD", &target, &[("range", "bytes=0-1")]);
        assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, Some(etag.as_str())));
        assert_eq!(head.header("content-length"), Some(whole.len().to_string().as_str()));

        let part = get(&[("range", "bytes=10-19")]);
        assert_eq!((part.status, part.body.as_slice()), (206, &whole[10..20]));
        assert_eq!(part.header("content-range"), Some(format!("bytes 10-19/{}", whole.len()).as_str()));
        assert_eq!((part.header("content-length"), part.header("etag")), (Some("10"), Some(etag.as_str())));
        assert_eq!(get(&[("range", "bytes=-7")]).body, whole[whole.len() - 7..]);
        // A download that goes on where it was cut off.
        let rest = get(&[("range", "bytes=50-"), ("if-range", &etag)]);
        assert_eq!((rest.status, rest.body.as_slice()), (206, &whole[50..]));
        let other = get(&[("range", "bytes=50-"), ("if-range", "\"other\"")]);
        assert_eq!((other.status, other.body.as_slice()), (200, whole));

        let beyond = get(&[("range", &format!("bytes={}-", whole.len()))]);
        assert_eq!((beyond.status, beyond.body.len()), (416, 0));
        assert_eq!(beyond.header("content-range"), Some(format!("bytes */{}", whole.len()).as_str()));

        let known = get(&[("if-none-match", &etag)]);
        assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, Some(etag.as_str())));
        assert_eq!(get(&[("if-match", "\"other\"")]).status, 412);
    }
    assert_eq!(service.get(&place).header("etag"), Some(format!("\"{}\"", sha256(&whole)).as_str()));
}

#[test]
fn what_is_stored_is_never_shown_by_a_browser() {
    let service = Service::start(&[]);
    let contents = good(5);
    let place = service.upload(&contents.archive()).header("location").unwrap().to_owned();
    let document = service.get(&format!("{place}/documents/{}", contents.documents[0].0));
    assert!(document.header("content-disposition").unwrap().starts_with("attachment"));
    assert_eq!(document.header("x-content-type-options"), Some("nosniff"));
    assert!(document.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
}
