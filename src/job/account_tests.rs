//! Accounts of engines as settings text in; what may be used, or what is wrong, out.

use super::config::{Origin, merge_config, read_config};
use super::problem::render_problems;

/// Files by whose they are, `user: …` or `project: …`, to the pool of `claude`.
#[track_caller]
fn check(files: &[(Origin, &str)], expected: &str) {
    let (mut layers, mut said) = (Vec::new(), Vec::new());
    for (origin, text) in files {
        match read_config(text, *origin) {
            Ok((layer, odd)) => {
                layers.push(layer);
                said.extend(odd.into_iter().map(|problem| problem.message));
            }
            Err(problems) => {
                let text = render_problems("f", text.as_bytes(), &problems);
                said.extend(text.lines().step_by(4).map(str::to_string));
            }
        }
    }
    let config = merge_config(&layers);
    said.push(match config.pool_of("claude") {
        Ok(pool) => format!("[{}]", pool.join(" ")),
        Err((why, hint)) => format!("{why}; {hint}"),
    });
    assert_eq!(said.join("\n"), expected);
}

const WORK: &str = "[engines.claude.accounts.work]\nconfig-dir = '/w'\n";
const HOME: &str = "[engines.claude.accounts.home]\nenv = {A_KEY = 'HOME_KEY'}\n";

#[test]
fn an_order_is_a_persons_word() {
    use Origin::{Machine, Project, User};
    check(&[], "[]");
    check(&[(User, WORK)], "[work]");
    check(
        &[(User, WORK), (Machine, HOME)],
        "engines.claude has several accounts and nothing says which one runs; write engines.claude.pool = [\"home\"], or [\"home\", \"work\"] to let it go on with the next",
    );
    let pool = "engines.claude.pool = ['work', 'home']\n";
    check(&[(User, &format!("{pool}{WORK}{HOME}"))], "[work home]");
    check(&[(User, "engines.claude.pool = 'home'"), (Machine, &format!("{WORK}{HOME}"))], "[home]");
    check(
        &[(User, &format!("{pool}{WORK}"))],
        "engines.claude.pool names home, and there is no such account; write [engines.claude.accounts.home] with its config-dir or env",
    );
    // A project says what an engine is, and neither whose account it takes nor which one.
    let both = "[engines.claude]\nargv = ['x']\npool = ['mine']\naccounts.mine.config-dir = '/tmp'\n";
    check(
        &[(Project, both), (User, WORK)],
        "engines.claude.pool is ignored here\nengines.claude.accounts.mine is ignored here\n[work]",
    );
}

#[test]
fn what_is_no_account_is_told() {
    use Origin::User;
    check(
        &[(User, "engines.claude.accounts = 'work'")],
        "f:1:27: engines.claude.accounts: a single value where a table is wanted\n[]",
    );
    check(
        &[(User, "engines.claude.accounts.Work.env = {}")],
        "f:1:25: engines.claude.accounts.Work: not a name for an account\n[]",
    );
    check(
        &[(User, "engines.claude.accounts.w.env = {KEY = 'sk 1'}")],
        "f:1:40: engines.claude.accounts.w.env: not the name of a variable: \"sk 1\"\n[]",
    );
    check(
        &[(User, "engines.claude.accounts.w.config_dir = '/x'")],
        "f:1:27: engines.claude.accounts.w: unknown field \"config_dir\"\n[]",
    );
    check(
        &[(User, "engines.claude.pool = ['a', 'a']")],
        "f:1:23: engines.claude.pool: a stands here twice\n[]",
    );
}
