//! The dependency graph as text: one row per job, rails to what it waits for, newest at the top.

use std::collections::HashMap;

use super::draw::Picture;
use crate::job::JobId;

/// One line of the drawing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rail {
    /// The rails before the job's sign.
    pub before: String,
    /// The job whose sign stands here; `None` for a line of joints.
    pub job: Option<JobId>,
    /// The rails behind it.
    pub behind: String,
}

/// Lanes from left to right, each with the job it leads to.
type Lanes = Vec<Option<JobId>>;

/// Draws the picture.
pub fn rails(picture: &Picture) -> Vec<Rail> {
    let mut below: HashMap<&JobId, Vec<&JobId>> = HashMap::new();
    for edge in &picture.edges {
        below.entry(&edge.from).or_default().push(&edge.on);
    }
    let mut lanes: Lanes = Vec::new();
    let mut lines = Vec::new();
    for id in &picture.jobs {
        let at = join(&mut lanes, id, &mut lines);
        lines.push(row(&lanes, at, id));
        let next = below.get(id).map_or(&[][..], Vec::as_slice);
        lanes[at] = next.first().map(|on| (*on).clone());
        fork(&mut lanes, at, next.get(1..).unwrap_or_default(), &mut lines);
        while lanes.last().is_some_and(Option::is_none) {
            lanes.pop();
        }
    }
    lines
}

/// All lanes that lead to the job end in the leftmost of them; a job nobody leads to gets a free one.
fn join(lanes: &mut Lanes, id: &JobId, lines: &mut Vec<Rail>) -> usize {
    let mine: Vec<usize> = (0..lanes.len()).filter(|i| lanes[*i].as_ref() == Some(id)).collect();
    let Some((&at, others)) = mine.split_first() else {
        let at = lanes.iter().position(Option::is_none).unwrap_or(lanes.len());
        if at == lanes.len() {
            lanes.push(None);
        }
        lanes[at] = Some(id.clone());
        return at;
    };
    if let Some(&last) = others.last() {
        lines.push(joints(lanes, at, others, last, ('┴', '╯')));
        others.iter().for_each(|i| lanes[*i] = None);
    }
    at
}

/// The first dependency goes on in the job's lane, the others get lanes to its right.
fn fork(lanes: &mut Lanes, at: usize, more: &[&JobId], lines: &mut Vec<Rail>) {
    let mut made = Vec::new();
    for on in more {
        let free = (at + 1..lanes.len()).find(|i| lanes[*i].is_none() && !made.contains(i));
        let lane = free.unwrap_or(lanes.len());
        if lane == lanes.len() {
            lanes.push(None);
        }
        lanes[lane] = Some((*on).clone());
        made.push(lane);
    }
    made.sort_unstable();
    if let Some(&last) = made.last() {
        lines.push(joints(lanes, at, &made, last, ('┬', '╮')));
    }
}

/// A line that joins lanes `at` and `others`; `middle` and `end` are the signs of the others.
fn joints(lanes: &Lanes, at: usize, others: &[usize], last: usize, (middle, end): (char, char)) -> Rail {
    let mut text = String::new();
    for (i, lane) in lanes.iter().enumerate() {
        let sign = match () {
            () if i == at => '├',
            () if i == last => end,
            () if others.contains(&i) => middle,
            () if i > at && i < last => {
                if lane.is_some() {
                    '┼'
                } else {
                    '─'
                }
            }
            () if lane.is_some() => '│',
            () => ' ',
        };
        text.push(sign);
        text.push(if i >= at && i < last { '─' } else { ' ' });
    }
    Rail { before: text.trim_end().to_string(), job: None, behind: String::new() }
}

fn row(lanes: &Lanes, at: usize, id: &JobId) -> Rail {
    let sign = |lane: &Option<JobId>| if lane.is_some() { "│ " } else { "  " };
    let before = lanes[..at].iter().map(sign).collect();
    let behind: String = lanes[at + 1..].iter().map(sign).collect();
    Rail { before, job: Some(id.clone()), behind: behind.trim_end().to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::tests::Scene;
    use crate::insight::{dot, mermaid, picture};

    #[track_caller]
    fn check(script: &str, expected: &[&str]) {
        let scene = Scene::script(script);
        let drawn = rails(&picture(&scene.state, None, 0));
        let lines: Vec<String> = drawn
            .iter()
            .map(|rail| match &rail.job {
                Some(id) => format!("{}o {} {id}", rail.before, rail.behind).replace("  ", " "),
                None => rail.before.clone(),
            })
            .collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn chains_forks_and_joins() {
        check("job a | job b deps=a | job lone", &["o b", "o a"]);
        check(
            "job a | job l deps=a | job r deps=a | job top deps=l,r",
            &["o top", "├─╮", "o │ l", "│ o r", "├─╯", "o a"],
        );
    }

    #[test]
    fn drawings_for_other_programs() {
        let scene = Scene::script("job a | job b deps=a");
        let picture = picture(&scene.state, None, 0);
        let label = |id: &JobId| format!("{id} \"x\"");
        assert_eq!(
            dot(&picture, label),
            "digraph aq {\n  rankdir=LR;\n  node [shape=box];\n  \"b\" [label=\"b \\\"x\\\"\"];\n  \"a\" [label=\"a \\\"x\\\"\"];\n  \"a\" -> \"b\";\n}\n"
        );
        assert_eq!(
            mermaid(&picture, label),
            "graph LR\n  n0[\"b &quot;x&quot;\"]\n  n1[\"a &quot;x&quot;\"]\n  n1 --> n0\n"
        );
    }
}
