//! Pull requests through gh: found, opened, looked at.

use std::path::Path;

use serde::Deserialize;

use super::address::{Address, address_of};
use super::branch::urls_of;
use super::program::{ANSWER_WITHIN, Call, Failed, run};
use super::request::Request;
use super::view::{Comment, View, read};
use super::words::without_secrets;
use crate::engine::{EnvRules, RunKind, engine_env};
use crate::job::Rev;
use crate::time::Span;

/// Pull requests of one branch that are looked through; a branch has a handful at most.
const LIST_MOST: &str = "30";
/// A log is fetched from another place than the rest, and is only more of what is known: it is not waited for long.
const LOG_WITHIN: Span = Span::from_secs(30);
/// The fields of a pull request that a look reads.
const VIEW: &str = "number,url,state,headRefOid,mergeable,mergeCommit,statusCheckRollup,reviews";

/// gh, pointed at one repository.
pub(in crate::agent) struct Gh<'a> {
    program: &'a str,
    cwd: &'a Path,
    address: Address,
}

/// A pull request of the job's branch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::agent) struct Found {
    pub number: u64,
    pub url: String,
    /// It is merged already.
    pub merged: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    number: u64,
    url: String,
    state: String,
    head_ref_oid: String,
    /// From a fork: a branch of the same name there is a stranger's.
    #[serde(default)]
    is_cross_repository: bool,
}

impl<'a> Gh<'a> {
    /// The repository behind a remote.
    ///
    /// # Errors
    /// [`Failed`] where there is no such remote, or it is on no forge.
    pub fn of_remote(program: &'a str, cwd: &'a Path, remote: &str) -> Result<Gh<'a>, Failed> {
        let urls = urls_of(cwd, remote)?;
        let Some(address) = urls.iter().find_map(|url| address_of(url)) else {
            let what =
                format!("{remote} is at {}, which is no repository on a forge", without_login(&urls[0]));
            return Err(Failed::new(
                what,
                "use ship: branch or merge, or name a remote on GitHub: ship.remote",
            ));
        };
        Ok(Gh { program, cwd, address })
    }

    /// The pull request of this branch, if there is one: the open one, or else one that merged this commit.
    ///
    /// # Errors
    /// [`Failed`] of gh.
    pub fn find(&self, branch: &str, rev: &Rev) -> Result<Option<Found>, Failed> {
        let fields = "number,url,state,headRefOid,isCrossRepository";
        let repo = self.address.repo();
        let text = self.ask(
            &[
                "pr", "list", "--repo", &repo, "--head", branch, "--state", "all", "--limit", LIST_MOST,
                "--json", fields,
            ],
            "",
        )?;
        let listed: Vec<Listed> = read(&text)?;
        let own = || listed.iter().filter(|one| !one.is_cross_repository);
        let open = own().find(|one| one.state == "OPEN");
        let merged = || own().find(|one| one.state == "MERGED" && one.head_ref_oid == rev.as_str());
        Ok(open.or_else(merged).map(|one| Found {
            number: one.number,
            url: one.url.clone(),
            merged: one.state == "MERGED",
        }))
    }

    /// Opens one.
    ///
    /// # Errors
    /// [`Failed`] of gh; also where one is open already.
    pub fn create(&self, branch: &str, request: &Request) -> Result<(), Failed> {
        let repo = self.address.repo();
        let mut args = vec!["pr", "create", "--repo", &repo, "--head", branch, "--title", &request.title];
        args.extend(request.base.iter().flat_map(|base| ["--base", base]));
        args.extend(["--body-file", "-"]);
        self.ask(&args, &request.body).map(drop)
    }

    /// Looks at one.
    ///
    /// # Errors
    /// [`Failed`] of gh.
    pub fn view(&self, number: u64) -> Result<View, Failed> {
        let (number, repo) = (number.to_string(), self.address.repo());
        read(&self.ask(&["pr", "view", &number, "--repo", &repo, "--json", VIEW], "")?)
    }

    /// What was written at single lines of it.
    ///
    /// # Errors
    /// [`Failed`] of gh.
    pub fn comments(&self, number: u64) -> Result<Vec<Comment>, Failed> {
        let Address { host, owner, name } = &self.address;
        let path = format!("repos/{owner}/{name}/pulls/{number}/comments?per_page=100");
        read(&self.ask(&["api", "--hostname", host, &path], "")?)
    }

    /// What the steps that failed in a job of the forge printed, without secrets.
    ///
    /// # Errors
    /// [`Failed`] of gh: the log is gone, is not to be seen by this login, or was of another forge.
    pub fn failed_log(&self, job: u64) -> Result<String, Failed> {
        let (job, repo) = (job.to_string(), self.address.repo());
        let args = ["run", "view", "--repo", &repo, "--job", &job, "--log-failed"];
        let text =
            run(&Call { program: self.program, args: &args, cwd: self.cwd, stdin: "", within: LOG_WITHIN })?;
        let secrets = engine_env(RunKind::Engine, std::env::vars_os(), &EnvRules::default()).secrets;
        Ok(without_secrets(&text, &secrets))
    }

    fn ask(&self, args: &[&str], stdin: &str) -> Result<String, Failed> {
        run(&Call { program: self.program, args, cwd: self.cwd, stdin, within: ANSWER_WITHIN })
    }
}

fn without_login(url: &str) -> String {
    without_secrets(url, &[])
}
