//! Archives written and read by an independent program: Python's zipfile.

use std::fs;
use std::process::Command;

use appsnap::observe::NoObserver;
use appsnap::squidex::{NewApp, Writer, clone_app};

use super::{APP, ASSET, open, sample};
use crate::support::tools::tool;

/// Writes `compact.zip` and `verbose.zip` with 1,002 events each, and reads `ours.zip` and `large.zip`.
const SCRIPT: &str = r#"
import json, sys, zipfile

def folder(name):
    h = 17
    units = name.lower().encode('utf-16-le')
    for i in range(0, len(units), 2):
        c = units[i] | units[i + 1] << 8
        h = (h * 23 + (c | c << 16)) & 0xffffffff
    h = h - (1 << 32) if h & 1 << 31 else h
    return abs(h) % 1000

def attachment(name):
    return f'attachments/{folder(name)}/{name.lower()}'

app, asset = sys.argv[1:3]
events = [('AppCreatedEvent', f'app-{app}', {'name': 'blog', 'appId': f'{app},blog'}),
          ('AssetCreatedEventV2', f'asset-{app}--{asset}', {'assetId': asset, 'fileVersion': 0, 'appId': f'{app},blog'})]
events += [('ContentUpdatedEvent', f'content-{app}--c{i}', {'data': {'text': {'iv': 'ä\n' * (i % 5)}}, 'appId': f'{app},blog'})
           for i in range(1000)]

def compact(i, t, s, p):
    return {'n': {'t': t, 's': s, 'p': json.dumps(p), 'h': {'AggregateId': s.split('-', 1)[1], 'Timestamp': '2024-01-01T00:00:00Z'}},
            'streamName': None, 'eventPosition': None, 'eventStreamNumber': 0, 'data': None}

def verbose(i, t, s, p):
    return {'streamName': s, 'eventPosition': str(i), 'eventStreamNumber': i,
            'data': {'type': t, 'metadata': {'AggregateId': s.split('-', 1)[1]}, 'payload': p}}

for name, form in (('compact.zip', compact), ('verbose.zip', verbose)):
    with zipfile.ZipFile(name, 'w', zipfile.ZIP_DEFLATED) as z:
        z.writestr(attachment('Version.json'), json.dumps({'major': 5}))
        for i, event in enumerate(events):
            z.writestr(f'events/{i // 1000}/{i}.json', json.dumps(form(i, *event), ensure_ascii=i % 2 == 0))
        z.writestr(attachment(f'{asset}_0.asset'), b'png')
        z.writestr(attachment('Users.json'), json.dumps({'u1': 'jane@example.org'}))
        z.writestr(attachment('Settings.json'), '{}')
        z.writestr(attachment('Urls.json'), json.dumps({'assets': 'https://old/', 'assetsApp': 'https://old/blog/'}))

with zipfile.ZipFile('ours.zip') as z:
    assert z.testzip() is None
    names = z.namelist()
    assert names[0] == 'attachments/327/version.json', names
    assert json.loads(z.read(names[0])) == {'major': 5}
    assert len(names) == len(set(names))
    stored = [json.loads(z.read(f'events/0/{i}.json'))['n'] for i in range(3)]
    assert 'events/0/3.json' not in names
    new = '00000000-0000-0000-0000-000000000007'
    assert stored[0]['s'] == f'app-{new}' and stored[1]['s'] == f'asset-{new}--{asset}', stored
    payload = json.loads(stored[0]['p'])
    assert payload['name'] == 'moved' and payload['appId'] == f'{new},moved', payload
    assert stored[1]['h']['AggregateId'] == f'{new}--{asset}'
    assert z.read(attachment(f'{asset}_0.asset')) == b'png'
    assert json.loads(z.read(attachment('Users.json'))) == {'u1': 'jane@example.org'}

with zipfile.ZipFile('large.zip') as z:
    assert z.testzip() is None
    assert z.namelist() == [attachment(name) for name in ('version.json', 'first', 'second')], z.namelist()
    assert z.read(attachment('first')) == b'first' and z.read(attachment('second')) == b'second ' * 50000
"#;

#[test]
fn archives_of_python_are_read_in_both_forms_and_ours_by_python() {
    let Some(python) = tool("python3") else { return };
    let folder = tempfile::tempdir().unwrap();
    let new = NewApp::new(uuid::Uuid::from_u128(7)).with_name("moved").unwrap();
    let (ours, _) = clone_app(&open(&sample()), Vec::new(), &new, &mut NoObserver).unwrap();
    fs::write(folder.path().join("ours.zip"), ours).unwrap();
    let mut writer = Writer::start(Vec::new()).unwrap();
    writer.attachment("first", &b"first"[..]).unwrap();
    writer.attachment("second", &b"second ".repeat(50_000)[..]).unwrap();
    fs::write(folder.path().join("large.zip"), writer.finish().unwrap().0).unwrap();
    let done = Command::new(python).args(["-c", SCRIPT, APP, ASSET]).current_dir(&folder).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));

    for (name, compact) in [("compact.zip", true), ("verbose.zip", false)] {
        let bytes = fs::read(folder.path().join(name)).unwrap();
        let archive = open(&bytes);
        assert!(archive.diagnostics().is_empty(), "{name}: {:?}", archive.diagnostics());
        assert_eq!(archive.events_count(), 1002);
        let survey = archive.survey(&mut NoObserver).unwrap();
        assert!(survey.diagnostics.is_empty(), "{name}: {:?}", survey.diagnostics);
        assert_eq!(survey.asset_files_count, 1);
        assert_eq!(archive.users().unwrap().unwrap()["u1"], "jane@example.org");
        assert!(archive.json_text("Urls.json").unwrap().unwrap().contains("https://old/blog/"));
        assert_eq!(archive.json_text("AssetTagsAlias.json").unwrap(), None);
        let last = archive.event(1001).unwrap().unwrap();
        assert_eq!(last.stream(), format!("content-{APP}--c999"));
        assert_eq!(last.is_compact(), compact);
        let payload: serde_json::Value = serde_json::from_str(last.payload()).unwrap();
        assert_eq!(payload["data"]["text"]["iv"], "ä\n".repeat(4));
    }
}
