//! Jobs that wait for jobs: names, freezing, circles, modes, edits, and jobs that are archived.

use expect_test::expect;

use crate::law_script::check;

/// Takes `job` from queued to shipped without a word.
fn ship(job: &str) -> String {
    format!("{}~ ship {job} cli\n~ shipped {job}\n", test(job))
}

/// Takes `job` from queued to testing without a word.
fn test(job: &str) -> String {
    format!("~ claim h1\n~ start {job}\n~ verify {job} pass\n~ end {job} ok\n")
}

#[test]
fn hard_waits_for_shipped_soft_for_testing() {
    check(
        "
        submit a
        submit hard deps=a
        submit soft deps=a mode=soft
        gates hard
        ~ claim h1
        ~ start a
        ~ verify a pass
        end a ok
        ~ ship a cli
        shipped a
        submit late deps=a
        ",
        expect![[r#"
            > submit a
              job_submitted a stage=queued
              = a queued@0 "submitted"
            > submit hard deps=a
              job_submitted hard deps=[{job:a,name:a}] stage=blocked
              = hard blocked@0 "waits for other jobs"
            > submit soft deps=a mode=soft
              job_submitted soft deps=[{job:a,name:a}] stage=blocked
              = soft blocked@0 "waits for other jobs"
            > gates hard
              gates: deps
            > end a ok
              attempt_ended a e1 outcome=ok reason=it to=testing
              job_unblocked soft
              = a testing@1 "attempt ended well"
              = soft queued@0 "dependencies satisfied"
            > shipped a
              shipped a e2 how=branch
              job_unblocked hard
              = a shipped@2 "branch"
              = hard queued@0 "dependencies satisfied"
            > submit late deps=a
              job_submitted late deps=[{job:a,name:a}] stage=queued
              = late queued@0 "submitted"
        "#]],
    );
}

#[test]
fn an_unknown_name_waits_until_it_exists_and_is_then_frozen() {
    check(
        &format!(
            "
            submit a deps=lib
            gates a
            submit b file=lib.md
            submit c file=lib.md
            submit d deps=lib
            # a waits for b for good, d for the later one
            {}gates a
            gates d
            # a key means a job too, and so does an id
            submit e deps=k,f
            submit g key=k
            submit f
            gates e
            ",
            ship("b")
        ),
        expect![[r#"
            > submit a deps=lib
              job_submitted a deps=[{name:lib}] stage=blocked
              = a blocked@0 "waits for other jobs"
            > gates a
              gates: unknown_dep
            > submit b file=lib.md
              job_submitted b stage=queued
              dep_resolved a name=lib to=b
              = a blocked@0 "waits for other jobs"
              = b queued@0 "submitted"
            > submit c file=lib.md
              job_submitted c stage=queued
              = c queued@0 "submitted"
            > submit d deps=lib
              job_submitted d deps=[{job:c,name:lib}] stage=blocked
              = d blocked@0 "waits for other jobs"
            # a waits for b for good, d for the later one
            > gates a
              gates: none
            > gates d
              gates: deps
            # a key means a job too, and so does an id
            > submit e deps=k,f
              job_submitted e deps=[{name:k},{name:f}] stage=blocked
              = e blocked@0 "waits for other jobs"
            > submit g key=k
              job_submitted g stage=queued
              dep_resolved e name=k to=g
              = e blocked@0 "waits for other jobs"
              = g queued@0 "submitted"
            > submit f
              job_submitted f stage=queued
              dep_resolved e name=f to=f
              = e blocked@0 "waits for other jobs"
              = f queued@0 "submitted"
            > gates e
              gates: deps, deps
        "#]],
    );
}

#[test]
fn a_circle_is_refused_with_the_circle_printed() {
    check(
        "
        submit a deps=a
        submit a deps=stem file=stem.md
        submit a deps=b
        submit b deps=c
        submit c deps=a
        submit c
        edit a deps=b body=a2
        edit c deps=a body=c2
        edit c deps=c body=c2
        # an edit may bring a name that somebody waits for
        submit x deps=key
        submit y deps=x
        edit y deps=x key=key body=y2
        ",
        expect![[r#"
            > submit a deps=a
              ! cycle: its dependencies would close a circle: a -> a
            > submit a deps=stem file=stem.md
              ! cycle: its dependencies would close a circle: a -> stem
            > submit a deps=b
              job_submitted a deps=[{name:b}] stage=blocked
              = a blocked@0 "waits for other jobs"
            > submit b deps=c
              job_submitted b deps=[{name:c}] stage=blocked
              dep_resolved a name=b to=b
              = a blocked@0 "waits for other jobs"
              = b blocked@0 "waits for other jobs"
            > submit c deps=a
              ! cycle: its dependencies would close a circle: c -> a -> b -> c
            > submit c
              job_submitted c stage=queued
              dep_resolved b name=c to=c
              = b blocked@0 "waits for other jobs"
              = c queued@0 "submitted"
            > edit a deps=b body=a2
              job_superseded a deps=[{job:b,name:b}] stage=blocked
              = a blocked@0 "edited while waiting"
            > edit c deps=a body=c2
              ! cycle: its dependencies would close a circle: c -> a -> b -> c
            > edit c deps=c body=c2
              ! cycle: its dependencies would close a circle: c -> c
            # an edit may bring a name that somebody waits for
            > submit x deps=key
              job_submitted x deps=[{name:key}] stage=blocked
              = x blocked@0 "waits for other jobs"
            > submit y deps=x
              job_submitted y deps=[{job:x,name:x}] stage=blocked
              = y blocked@0 "waits for other jobs"
            > edit y deps=x key=key body=y2
              ! cycle: its dependencies would close a circle: y -> x -> y
        "#]],
    );
}

#[test]
fn an_edit_brings_a_name_others_wait_for() {
    check(
        "
        submit a deps=k
        submit b
        edit b key=k body=b2
        gates a
        # the name given up means nobody
        edit b key=other body=b3
        submit c deps=k
        # a name of another is not taken over
        submit d
        edit d key=other body=d2
        ",
        expect![[r#"
            > submit a deps=k
              job_submitted a deps=[{name:k}] stage=blocked
              = a blocked@0 "waits for other jobs"
            > submit b
              job_submitted b stage=queued
              = b queued@0 "submitted"
            > edit b key=k body=b2
              job_superseded b stage=queued
              dep_resolved a name=k to=b
              = a blocked@0 "waits for other jobs"
              = b queued@0 "edited while waiting"
            > gates a
              gates: deps
            # the name given up means nobody
            > edit b key=other body=b3
              job_superseded b stage=queued
              = b queued@0 "edited while waiting"
            > submit c deps=k
              job_submitted c deps=[{name:k}] stage=blocked
              = c blocked@0 "waits for other jobs"
            # a name of another is not taken over
            > submit d
              job_submitted d stage=queued
              = d queued@0 "submitted"
            > edit d key=other body=d2
              ! key_reused: the key other belongs to b
        "#]],
    );
}

#[test]
fn an_edit_while_waiting_changes_what_it_waits_for() {
    check(
        &format!(
            "
            submit a
            submit b
            edit b deps=a body=b2
            edit b deps=a body=b2
            edit b body=b3
            edit b deps=nobody body=b4
            edit b deps=a mode=soft body=b5
            {}edit b deps=a body=b6
            edit b deps=a mode=soft body=b7
            ~ claim h1
            edit b body=b8
            ",
            test("a")
        ),
        expect![[r#"
            > submit a
              job_submitted a stage=queued
              = a queued@0 "submitted"
            > submit b
              job_submitted b stage=queued
              = b queued@0 "submitted"
            > edit b deps=a body=b2
              job_superseded b deps=[{job:a,name:a}] stage=blocked
              = b blocked@0 "edited while waiting"
            > edit b deps=a body=b2
              ! no_change: b has this very text already
            > edit b body=b3
              job_superseded b stage=queued
              = b queued@0 "edited while waiting"
            > edit b deps=nobody body=b4
              job_superseded b deps=[{name:nobody}] stage=blocked
              = b blocked@0 "edited while waiting"
            > edit b deps=a mode=soft body=b5
              job_superseded b deps=[{job:a,name:a}] stage=blocked
              = b blocked@0 "edited while waiting"
            > edit b deps=a body=b6
              job_superseded b deps=[{job:a,name:a}] stage=blocked
              = b blocked@0 "edited while waiting"
            > edit b deps=a mode=soft body=b7
              job_superseded b deps=[{job:a,name:a}] stage=queued
              = b queued@0 "edited while waiting"
            > edit b body=b8
              ! invalid_state: b is in assigned: an edit takes effect only while it waits; requeue it to use the new text
        "#]],
    );
}

#[test]
fn an_edit_keeps_a_park_that_a_person_or_limit_set() {
    check(
        "
        submit a
        ~ park a until=+1h
        edit a body=a2
        edit a body=a3 deps=nobody
        unpark a
        edit a body=a4
        ~ pass 1h
        ",
        expect![[r#"
            > submit a
              job_submitted a stage=queued
              = a queued@0 "submitted"
            > edit a body=a2
              job_superseded a stage=queued
              job_parked a e0 reason=operator until=+1h
              = a queued@0 parked until +1h "put aside by a person"
            > edit a body=a3 deps=nobody
              job_superseded a deps=[{name:nobody}] stage=queued
              job_parked a e0 reason=operator until=+1h
              = a queued@0 parked until +1h "put aside by a person"
            > unpark a
              job_unparked a reason="unparked by a person"
              job_blocked a reason="waits for other jobs"
              = a blocked@0 "waits for other jobs"
            > edit a body=a4
              job_superseded a stage=queued
              = a queued@0 "edited while waiting"
        "#]],
    );
}

#[test]
fn a_soft_dependency_that_falls_back_holds_the_waiter_again() {
    check(
        &format!(
            "
            ~ submit a
            ~ submit b deps=a mode=soft
            {}reject a
            gates b
            claim h1
            requeue a
            {}show b
            # once it runs it runs on
            ~ claim h2
            reject a
            ",
            test("a"),
            test("a")
        ),
        expect![[r#"
            > reject a
              rejected a e2 to=failed
              job_blocked b reason="waits for other jobs"
              = a failed@2 "rejected"
              = b blocked@0 "waits for other jobs"
            > gates b
              gates: deps
            > claim h1
              nothing
            > requeue a
              requeued a e3 to=queued
              = a queued@3 "requeued"
            > show b
              = b queued@0 "dependencies satisfied"
            # once it runs it runs on
            > reject a
              rejected a e5 to=failed
              = a failed@5 "rejected"
        "#]],
    );
}

#[test]
fn two_parents_end_together_and_the_child_is_unblocked_once() {
    check(
        "
        ~ submit a
        ~ submit b
        ~ submit c deps=a,b
        ~ claim h1
        ~ claim h2
        ~ start a
        ~ start b
        ~ verify a pass
        ~ verify b pass
        ~ end a ok
        ~ end b ok
        ~ ship a cli
        ~ ship b cli
        shipped a
        shipped b
        shipped b
        claim h1
        ",
        expect![[r#"
            > shipped a
              shipped a e2 how=branch
              = a shipped@2 "branch"
            > shipped b
              shipped b e2 how=branch
              job_unblocked c
              = b shipped@2 "branch"
              = c queued@0 "dependencies satisfied"
            > shipped b
              ! invalid_state: b is in shipped: ship_done needs a lease, and nobody holds one
            > claim h1
              lease_granted c e1 holder=h1
              = c assigned@1 h1 "claimed"
        "#]],
    );
}

#[test]
fn archived_jobs_still_satisfy_and_still_have_their_names() {
    check(
        &format!(
            "
            ~ submit a file=lib.md key=k
            archive a
            ~ submit w deps=a
            {}archive a
            show w
            ~ cancel w
            archive a
            submit x deps=lib
            submit y deps=k
            submit z deps=a
            cancel a
            submit a
            submit a2 key=k body=a
            submit a2 key=k body=other
            archive a
            submit f
            archive f a
            ~ cancel f
            ~ submit g deps=f
            archive f
            ~ cancel g
            archive f
            submit h deps=f
            archive
            ",
            ship("a")
        ),
        expect![[r#"
            > archive a
              ! invalid_state: a is in queued: only ended jobs can be archived
            > archive a
              ! invalid_state: a is still needed by w
            > show w
              = w queued@0 "dependencies satisfied"
            > archive a
              jobs_archived jobs=[a]
            > submit x deps=lib
              job_submitted x deps=[{job:a,name:lib}] stage=queued
              = x queued@0 "submitted"
            > submit y deps=k
              job_submitted y deps=[{job:a,name:k}] stage=queued
              = y queued@0 "submitted"
            > submit z deps=a
              job_submitted z deps=[{job:a,name:a}] stage=queued
              = z queued@0 "submitted"
            > cancel a
              ! archived: a is archived (shipped)
            > submit a
              ! id_taken: the id a is taken
            > submit a2 key=k body=a
              ! already_done: the key k was submitted before with this very text, as a (shipped)
            > submit a2 key=k body=other
              ! key_reused: the key k belongs to a, which is shipped and no longer waits
            > archive a
              ! archived: a is archived (shipped)
            > submit f
              job_submitted f stage=queued
              = f queued@0 "submitted"
            > archive f a
              ! invalid_state: f is in queued: only ended jobs can be archived
            > archive f
              ! invalid_state: f is still needed by g
            > archive f
              jobs_archived jobs=[f]
            > submit h deps=f
              job_submitted h deps=[{job:f,name:f}] stage=blocked
              = h blocked@0 "waits for other jobs"
            > archive
              ! no_change: nothing to archive
        "#]],
    );
}

#[test]
fn a_key_is_not_hidden_by_a_file_of_the_same_name() {
    check(
        "
        submit a key=k
        submit b file=k.md
        submit c key=k body=a
        submit d deps=k
        ",
        expect![[r#"
            > submit a key=k
              job_submitted a stage=queued
              = a queued@0 "submitted"
            > submit b file=k.md
              job_submitted b stage=queued
              = b queued@0 "submitted"
            > submit c key=k body=a
              ! already_done: the key k was submitted before with this very text, as a (queued)
            > submit d deps=k
              job_submitted d deps=[{job:a,name:k}] stage=blocked
              = d blocked@0 "waits for other jobs"
        "#]],
    );
}
