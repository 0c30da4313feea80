//! The score: what each term goes by, the order it gives the line, and that nobody waits for ever.

use aq::fleet::{Score, What};
use expect_test::expect;

use crate::law_script::{World, check};

#[test]
fn special_offers_are_for_those_who_need_them() {
    check(
        "
        ~ submit plain
        ~ submit gpu needs=gpu
        ~ submit both needs=gpu,target:arm
        # what every host says of itself is nothing special, nor is the version of an engine
        line h has=os:linux,cores=8,has:git,shell=5.2
        line h has=os:linux,gpu
        line h has=gpu,target:arm
        # nobody asks: what is of a host is unknown
        line
        ",
        expect![[r#"
            # what every host says of itself is nothing special, nor is the version of an engine
            > line h has=os:linux,cores=8,has:git,shell=5.2
              both medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              gpu medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              plain medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
            > line h has=os:linux,gpu
              both medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              gpu medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              plain medium 1450 FIT 500 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
            > line h has=gpu,target:arm
              both medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              gpu medium 1616 FIT 666 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              plain medium 1283 FIT 333 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
            # nobody asks: what is of a host is unknown
            > line
              both medium 1200 FIT ? AFF ? LOAD ? COST 1000 HLTH ? ENG ? STARV 1000
              gpu medium 1200 FIT ? AFF ? LOAD ? COST 1000 HLTH ? ENG ? STARV 1000
              plain medium 1200 FIT ? AFF ? LOAD ? COST 1000 HLTH ? ENG ? STARV 1000
        "#]],
    );
}

#[test]
fn affinity_is_the_work_that_lies_here_and_what_the_manifest_wishes() {
    check(
        "
        ~ submit worked
        ~ claim h1/1
        ~ start worked
        ~ checkpoint worked r1
        ~ preempt worked
        ~ submit wishes wishes=factory:h1,os:linux
        ~ submit engine class=agentic-coder prefers=codex
        ~ submit none
        line h1/2 has=os:linux engines=codex,shell
        line h1~7/2 engines=claude,shell
        line h2/1 has=os:linux engines=claude
        ",
        expect![[r#"
            > line h1/2 has=os:linux engines=codex,shell
              worked medium 2200 FIT 1000 AFF 500 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              engine medium 2075 FIT 1000 AFF 250 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              wishes medium 2075 FIT 1000 AFF 250 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              none medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
            > line h1~7/2 engines=claude,shell
              wishes medium 2012 FIT 1000 AFF 125 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              engine medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              none medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              worked medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
            > line h2/1 has=os:linux engines=claude
              wishes medium 2012 FIT 1000 AFF 125 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              engine medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              none medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              worked medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
        "#]],
    );
}

#[test]
fn load_is_what_the_host_holds_now() {
    check(
        "
        ~ submit a
        ~ submit b
        ~ submit c
        ~ submit d
        ~ claim h1/1
        ~ claim h1/2
        line h1/3
        line h2/1
        # a ship is no load
        ~ start a
        ~ verify a pass
        ~ end a ok
        ~ ship a h1/1
        line h1/3
        ",
        expect![[r#"
            > line h1/3
              c medium 1283 FIT 1000 AFF 0 LOAD 333 COST 1000 HLTH ? ENG ? STARV 1000
              d medium 1283 FIT 1000 AFF 0 LOAD 333 COST 1000 HLTH ? ENG ? STARV 1000
            > line h2/1
              c medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              d medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
            # a ship is no load
            > line h1/3
              c medium 1474 FIT 1000 AFF 0 LOAD 500 COST 1000 HLTH ? ENG 562 STARV 1000
              d medium 1474 FIT 1000 AFF 0 LOAD 500 COST 1000 HLTH ? ENG 562 STARV 1000
        "#]],
    );
}

#[test]
fn cost_is_measured_against_what_the_ceiling_has_left() {
    check(
        "
        ~ submit dear budget.usd=8
        ~ submit cheap budget.usd=1
        ~ submit unknown
        line h
        ~ ceiling 10
        line h
        # what runs has its part set aside
        ~ claim h
        line h
        ",
        expect![[r#"
            > line h
              cheap medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              dear medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              unknown medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
            > line h
              cheap medium 1875 FIT 1000 AFF 0 LOAD 1000 COST 900 HLTH ? ENG ? STARV 1000
              unknown medium 1575 FIT 1000 AFF 0 LOAD 1000 COST ? HLTH ? ENG ? STARV 1000
              dear medium 1350 FIT 1000 AFF 0 LOAD 1000 COST 200 HLTH ? ENG ? STARV 1000
            # what runs has its part set aside
            > line h
              unknown medium 1075 FIT 1000 AFF 0 LOAD 500 COST ? HLTH ? ENG ? STARV 1000
              dear medium 784 FIT 1000 AFF 0 LOAD 500 COST 112 HLTH ? ENG ? STARV 1000
        "#]],
    );
}

#[test]
fn an_engine_is_known_by_its_attempts() {
    check(
        "
        ~ submit a engine=codex
        ~ claim h engines=codex
        ~ start a
        ~ end a task_failed
        ~ submit b engine=claude
        ~ claim h engines=claude
        ~ start b
        ~ end b ok
        # what it was stopped at says nothing of it
        ~ submit c engine=claude
        ~ claim h engines=claude
        ~ start c
        ~ end c overloaded
        ~ submit poor engine=codex
        ~ submit good engine=claude
        ~ submit new engine=gemini
        line h engines=claude,codex,gemini
        # those that are archived are not forgotten
        ~ reject a
        ~ archive a
        line h engines=codex
        ",
        expect![[r#"
            # what it was stopped at says nothing of it
            > line h engines=claude,codex,gemini
              good medium 1974 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG 562 STARV 1000
              new medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              poor medium 1925 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG 438 STARV 1000
            # those that are archived are not forgotten
            > line h engines=codex
              good medium 1974 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG 562 STARV 1000
              new medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              poor medium 1925 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG 438 STARV 1000
        "#]],
    );
}

#[test]
fn the_line_goes_by_class_then_score_then_age_then_name() {
    check(
        "
        ~ submit z-first
        ~ submit a-first
        ~ pass 1m
        ~ submit low-wished priority=low wishes=factory:h
        ~ submit late-wished wishes=factory:h
        ~ submit late
        ~ submit high priority=high
        ~ submit critical priority=critical
        line h
        claim h
        claim h
        claim h
        claim h
        claim h
        claim h
        claim h
        claim h
        ",
        expect![[r#"
            > line h
              critical critical 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              high high 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              late-wished medium 2075 FIT 1000 AFF 250 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              a-first medium 1999 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 967
              z-first medium 1999 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 967
              late medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              low-wished low 2075 FIT 1000 AFF 250 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
            > claim h
              lease_granted critical e1 holder=h
              = critical assigned@1 h "claimed"
            > claim h
              lease_granted high e1 holder=h
              = high assigned@1 h "claimed"
            > claim h
              lease_granted late-wished e1 holder=h
              = late-wished assigned@1 h "claimed"
            > claim h
              lease_granted a-first e1 holder=h
              = a-first assigned@1 h "claimed"
            > claim h
              lease_granted z-first e1 holder=h
              = z-first assigned@1 h "claimed"
            > claim h
              lease_granted late e1 holder=h
              = late assigned@1 h "claimed"
            > claim h
              lease_granted low-wished e1 holder=h
              = low-wished assigned@1 h "claimed"
            > claim h
              nothing
        "#]],
    );
}

#[test]
fn among_equals_who_came_first_goes_first() {
    let mut world = World::new();
    // Names against the order of coming, and one that was interrupted and keeps its age.
    for n in (0..40).rev() {
        world.line(&format!("~ submit job-{n:02}"));
        world.line("~ pass 7s");
    }
    world.line("~ claim h");
    world.line("~ release job-39");
    let mut order = Vec::new();
    for _ in 0..40 {
        world.line("~ claim h");
        order.extend(last_grant(&world).map(|grant| grant.0));
        world.line("~ pass 90s");
    }
    let expected: Vec<String> = (0..40).rev().map(|n| format!("job-{n:02}")).collect();
    assert_eq!(order, expected);
}

/// The job that was granted last, and its score.
fn last_grant(world: &World) -> Option<(String, Score)> {
    match &world.events.last()?.what {
        What::LeaseGranted { job, score, .. } => Some((job.to_string(), (*score)?)),
        _ => None,
    }
}

#[test]
fn an_old_job_passes_better_ones_that_came_later() {
    // A better one comes with every step, and the host takes one with every step: minutes until the poor one.
    let waited = |better: &str, step: u32, most: u32| -> Option<u32> {
        let mut world = World::new();
        world.line("~ ceiling 1000");
        world.line("~ submit poor priority=high budget.usd=990");
        world.line("~ pass 1s");
        for minute in (0..most).step_by(usize::try_from(step).expect("small")) {
            world.line(&format!("~ submit better-{minute} priority=high {better}"));
            world.line("~ claim h has=gpu,web,farm");
            let (job, _) = last_grant(&world).expect("there is always one");
            if job == "poor" {
                return Some(minute);
            }
            world.line(&format!("~ cancel {job}"));
            world.line(&format!("~ pass {step}m"));
        }
        None
    };
    assert_eq!(waited("budget.usd=990", 1, 9), Some(0), "of its own kind it is the older");
    assert_eq!(waited("budget.usd=990 wishes=factory:h", 1, 60), Some(3));
    assert_eq!(waited("budget.usd=1", 1, 60), Some(15));
    assert_eq!(waited("budget.usd=1 wishes=factory:h", 1, 60), Some(18));
    // Where all speaks for the others, age alone counts after a day.
    let all = "budget.usd=1 wishes=factory:h needs=gpu,web,farm";
    assert_eq!(waited(all, 30, 3_000), Some(24 * 60));
}

#[test]
fn a_grant_says_how_well_it_fitted() {
    let mut world = World::new();
    world.line("~ submit a wishes=factory:h");
    world.line("~ pass 3m");
    world.line("~ claim h");
    let (_, score) = last_grant(&world).expect("a grant");
    let lease = world.state.job(&"a".into()).and_then(|job| job.lease.clone()).expect("a lease");
    assert_eq!(lease.score, Some(score));
    assert_eq!(
        crate::law_says::score(&score),
        "2225 FIT 1000 AFF 250 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 900"
    );
}

#[test]
fn a_host_passes_over_what_it_cannot_do_and_says_how_much() {
    check(
        "
        ~ submit a needs=gpu
        ~ submit b needs=gpu
        ~ submit c engine=claude
        ~ submit d lock=x
        ~ submit e lock=x
        ~ submit f
        claim h
        claim h
        ",
        expect![[r#"
            > claim h
              lease_granted d e1 holder=h passed=[[capability,2],[engine,1]]
              = d assigned@1 h "claimed"
            > claim h
              lease_granted f e1 holder=h passed=[[capability,2],[engine,1],[lock,1]]
              = f assigned@1 h "claimed"
        "#]],
    );
}

#[test]
fn what_a_review_costs_moves_the_job_it_is_about_to_another_kind() {
    check(
        "
        ~ ceiling 100
        ~ submit a review=1 reviewers=profile:reviewer class=agentic-coder budget.usd=10
        ~ claim h1 engines=codex
        ~ start a
        ~ checkpoint a r1
        ~ end a ok rev=r1
        ~ order_review v a rev=r1 class=agentic-coder
        ~ claim h2 engines=claude
        ~ start v
        ~ progress v reading usd=4
        # it is in the line when its review is stopped and paid for
        ~ reject a requeue
        line h2 engines=claude
        claim h2 engines=claude
        ",
        expect![[r##"
            # it is in the line when its review is stopped and paid for
            > line h2 engines=claude
              a medium 1903 FIT 1000 AFF 0 LOAD 1000 COST 938 HLTH ? ENG ? STARV 1000
            > claim h2 engines=claude
              lease_granted a e3 holder=h2 reserve=$6.00
              = a assigned@3 h2 "claimed"
        "##]],
    );
}

#[test]
fn of_several_hosts_the_best_that_could_take_it_counts() {
    check(
        "
        ~ submit wished wishes=factory:h2
        ~ submit any
        line h1 h2
        line h1
        ",
        expect![[r#"
            > line h1 h2
              wished medium 2075 FIT 1000 AFF 250 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              any medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
            > line h1
              any medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
              wished medium 1950 FIT 1000 AFF 0 LOAD 1000 COST 1000 HLTH ? ENG ? STARV 1000
        "#]],
    );
}
