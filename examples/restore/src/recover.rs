//! Ends what an earlier run left unfinished: everything old, or everything new.

use std::path::{Path, PathBuf};

use appsnap::restore::Step;

use crate::ledger::{Ledger, is_reachable};
use crate::marks::{Marked, Names, Role};
use crate::server::Server;
use crate::support::{Failure, Outcome, shown, tell};
use crate::swap::Swap;

/// The names of the journal's facts.
pub const DATABASE: &str = "database";
pub const SYSTEM: &str = "system";
pub const ID: &str = "id";
pub const NEW_OID: &str = "new oid";
pub const KEPT: &str = "kept folder";

/// The treatment of an unfinished restore.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// The old state, unless the new one is in use already.
    Settled,
    /// The new state if it is complete.
    New,
    /// The old state as long as it is there.
    Old,
}

/// The outcome of an unfinished restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    Nothing,
    Undone,
    Completed,
}

impl Settled {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing to recover",
            Self::Undone => "undone",
            Self::Completed => "completed",
        }
    }
}

/// Opens the record of the folder that is named, or that the comment of a database names.
fn open_ledger(server: &Server, files: Option<&Path>, left: &[Marked]) -> Outcome<Option<Ledger>> {
    let named = left.iter().filter_map(|marked| marked.record.files.clone());
    let folders: Vec<PathBuf> = files.map(Path::to_owned).into_iter().chain(named).collect();
    for folder in folders {
        // A folder of another machine is not here.
        if files != Some(&folder) && !is_reachable(&folder) {
            continue;
        }
        let Some(ledger) = Ledger::open(&folder)? else { continue };
        let fact = |name| ledger.facts().get(name);
        if let Some(database) = fact(DATABASE)
            && *database != server.target
        {
            let message = format!(
                "an interrupted restore of the database {database:?} uses this folder: recover it with --database first"
            );
            return Err(Failure::environment(shown(&folder), message));
        }
        if let (Some(journaled), Some(found)) = (fact(SYSTEM), &server.system)
            && journaled != found
        {
            let message =
                "an interrupted restore into another database server uses this folder: recover it there first";
            return Err(Failure::environment(shown(&folder), message));
        }
        return Ok(Some(ledger));
    }
    Ok(None)
}

/// Ends what is unfinished. The lock of the target is held, so no other run is at work.
pub fn settle(server: &mut Server, files: Option<&Path>, want: Want, force_disconnect: bool) -> Outcome<Settled> {
    let left = server.left_over()?;
    let Some(mut ledger) = open_ledger(server, files, &left)? else {
        return settle_databases(server, left, want, force_disconnect);
    };
    let fact = |name: &str| ledger.facts().get(name).cloned();
    let names = fact(ID).map(|id| Names::of(&server.target, &id));
    let folder = ledger.destination();
    let kept = fact(KEPT).map(PathBuf::from);
    let current_oid = server.oid_of(&server.target.clone())?.map(|oid| oid.to_string());
    let is_new = current_oid.is_some() && current_oid == fact(NEW_OID);
    let has_verified = left.iter().any(|marked| marked.record.role == Role::Verified);
    if want == Want::New
        && !is_new
        && has_verified
        && ledger.step() >= Step::Verified
        && let Some(names) = &names
    {
        let target = server.describe_target()?;
        if ledger.step() == Step::Verified {
            ledger.advance(Step::Swapping)?;
        }
        let swap = Swap { keeps_old: kept.is_some(), force_disconnect, files: Some(&folder) };
        if !server.swap(names, target.as_ref(), &swap)? {
            return Err(in_use(server)?);
        }
        return complete(server, ledger, kept.as_deref());
    }
    if is_new && ledger.step() >= Step::Swapping {
        let can_go_back = ledger.step() == Step::Swapping;
        if want == Want::Old
            && can_go_back
            && let Some(names) = &names
        {
            if !server.swap_back(names, Some(&folder))? {
                return Err(in_use(server)?);
            }
        } else {
            return complete(server, ledger, kept.as_deref());
        }
    } else if ledger.step() == Step::Swapped {
        // The target is yet another database now; the folders are as they were meant to be.
        return complete(server, ledger, kept.as_deref());
    }
    for marked in server.left_over()?.iter().filter(|marked| matches!(marked.record.role, Role::New | Role::Verified)) {
        server.drop_marked(&marked.name)?;
    }
    ledger.abandon()?;
    Ok(Settled::Undone)
}

/// Completes a restore whose databases are swapped.
pub fn complete(server: &mut Server, mut ledger: Ledger, kept: Option<&Path>) -> Outcome<Settled> {
    ledger.swap()?;
    crate::run::point("swapped");
    drop_old(server)?;
    crate::run::point("dropped");
    ledger.finish(kept)?;
    Ok(Settled::Completed)
}

/// Drops what the new database replaced.
pub fn drop_old(server: &mut Server) -> Outcome {
    for marked in server.left_over()?.iter().filter(|marked| marked.record.role == Role::Old) {
        server.drop_marked(&marked.name)?;
    }
    Ok(())
}

/// Without a folder the databases alone know: their renaming is one transaction.
fn settle_databases(server: &mut Server, left: Vec<Marked>, want: Want, force_disconnect: bool) -> Outcome<Settled> {
    let mut settled = Settled::Nothing;
    for marked in left {
        match marked.record.role {
            Role::Verified if want == Want::New && marked.record.files.is_none() => {
                let names = Names::of(&server.target, &marked.record.id);
                let target = server.describe_target()?;
                // Whether the old one is kept was for the earlier run to say; not to drop it is the safe side.
                let swap = Swap { keeps_old: target.is_some(), force_disconnect, files: None };
                if !server.swap(&names, target.as_ref(), &swap)? {
                    return Err(in_use(server)?);
                }
                if target.is_some() {
                    tell(format_args!(
                        "note: the old database is kept as {:?}: drop it when it is no longer needed",
                        names.old
                    ));
                }
                settled = Settled::Completed;
            }
            Role::New | Role::Verified => {
                server.drop_marked(&marked.name)?;
                settled = if settled == Settled::Nothing { Settled::Undone } else { settled };
            }
            Role::Old => {
                server.drop_marked(&marked.name)?;
                settled = Settled::Completed;
            }
            Role::Kept => {}
        }
    }
    Ok(settled)
}

/// Returns the failure that connections of other programs cause.
pub fn in_use(server: &mut Server) -> Outcome<Failure> {
    let target = server.target.clone();
    let visitors = server.visitors(&target)?;
    let count = visitors.len();
    let list = visitors.iter().take(10).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let connections = if count == 1 { "1 connection".to_owned() } else { format!("{count} connections") };
    let message = format!("the database is in use by {connections}: {list}: end them, or pass --force-disconnect");
    Ok(Failure::environment(format!("{target:?}"), message))
}
