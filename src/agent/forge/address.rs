//! Where a remote is on a forge: host, owner and repository, out of the URL that git has for it. Pure.

/// A repository on a forge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::agent) struct Address {
    /// The forge.
    pub host: String,
    /// Whose it is.
    pub owner: String,
    /// Its name.
    pub name: String,
}

impl Address {
    /// As gh takes it.
    pub fn repo(&self) -> String {
        format!("{}/{}/{}", self.host, self.owner, self.name)
    }
}

/// Reads `https://github.com/acme/site.git`, `git@github.com:acme/site`, `ssh://git@github.com:22/acme/site`;
/// `None` for a path and whatever else is no repository of somebody on a host.
pub(in crate::agent) fn address_of(url: &str) -> Option<Address> {
    let (host, path) = match url.trim().split_once("://") {
        Some(("https" | "http" | "ssh" | "git+ssh" | "git", rest)) => rest.split_once('/')?,
        Some(_) => return None,
        None => url.trim().split_once(':').filter(|(host, _)| !host.contains('/'))?,
    };
    let host = host.rsplit('@').next()?.split(':').next()?;
    let path = path.trim_matches('/');
    let (owner, name) = path.strip_suffix(".git").unwrap_or(path).split_once('/')?;
    let is_word = |text: &str| {
        !text.is_empty()
            && !text.starts_with('-')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    let words = [host, owner, name].into_iter().all(is_word) && host.contains('.');
    words.then(|| Address { host: host.to_string(), owner: owner.to_string(), name: name.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_a_forge_are_read_and_others_are_not() {
        let check = |url: &str, expected: &str| {
            let found = address_of(url).map_or("-".to_string(), |address| address.repo());
            assert_eq!(found, expected, "{url}");
        };
        check("https://github.com/acme/site.git", "github.com/acme/site");
        check("https://ann:secret@git.acme.example/acme/site/", "git.acme.example/acme/site");
        check("git@github.com:acme/site.git", "github.com/acme/site");
        check("ssh://git@github.com:22/acme/site", "github.com/acme/site");
        check("/srv/site.git", "-");
        check("file:///srv/site.git", "-");
        check("../site", "-");
        check("https://github.com/acme", "-");
        check("https://gitlab.example/a/b/c", "-");
        check("https://github.com/--help/site", "-");
    }
}
