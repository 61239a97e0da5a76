/* The way of one run through the fleet, from its planned tiles to its artifact: outbox relay, broker, workers, aggregators,
   stitchers, a cancelling operator. Each may be killed at any point, and the broker may lose everything. README.md says what is
   modelled, what isn't, and how it maps to the ledger's SQL.

   A step inside `atomic` is one transaction of the ledger, or one action of the broker. Between steps anything may happen.

   The program as it is has no macro defined. Each of these makes one mistake, which the check must find:
     ACK_BEFORE_COMMIT   an aggregator acknowledges a result before it is in the ledger
     ACK_BEFORE_PUBLISH  a worker acknowledges its job before the result is published
     MARK_BEFORE_PUBLISH the relay marks a message as published before it is
     ADD_ON_ARRIVAL      results are added up when they arrive, instead of being written once
     NO_FENCE            a stitcher writes its result without looking whether the run is still its own
     CANCEL_KEEPS_EPOCH  cancelling doesn't grow the epoch, and a stitcher looks at the epoch alone
     NO_RECONCILER       nobody looks for tiles that got lost
     REPLAY_UNCHECKED    replaying a dead letter doesn't look whether the run has failed: a second replay, a late one
     REPLAY_DEAD_ONLY    replaying puts back dead tiles alone, though failing has swept the messages of the queued ones
     HEDGE_TWICE_COUNTS  the second result of a tile that was given to two workers is written as another one
     PAUSE_SWEEPS        pausing removes messages that aren't published, and leaves their tiles queued
     FIRST_WINS          of two results that differ, the first one stays */

#ifndef TILES
#define TILES 2
#endif
#ifndef WORKERS
#define WORKERS 2
#endif
#define AGGREGATORS 2
#define STITCHERS 2

/* How often each fault may happen. Without a bound nothing would ever have to end. */
#ifndef KILLS
#define KILLS 1      /* SIGKILL of a worker, an aggregator, the relay or a stitcher */
#endif
#ifndef WIPES
#define WIPES 1      /* the broker loses all its messages */
#endif
#ifndef DUPLICATES
#define DUPLICATES 1 /* the broker delivers a message twice, also because a worker's connection was lost while it worked on */
#endif
#ifndef STALLS
#define STALLS 1     /* somebody is so slow that others take over: a stitcher's lease ends, a tile is given up for lost */
#endif

#ifndef FAILURES
#define FAILURES 0   /* a tile can't be computed: it is dead, and its run has failed */
#endif
#ifndef REPLAYS
#define REPLAYS 0    /* an operator replays the dead letter, whenever, also twice */
#endif
#ifndef HEDGES
#define HEDGES 0     /* a tile that takes long is given to a second worker */
#endif
#ifndef PAUSES
#define PAUSES 0     /* an operator pauses the run, and lets it go on */
#endif
#ifndef WRONGS
#define WRONGS 0     /* a worker computes other bits */
#endif

#define NOBODY 9
#define most 3       /* messages of one kind and tile; others are not published until there is room */

mtype = { predicting, stitching, completed, cancelled, failed }; /* fleet.runs.state */
mtype = { planned, queued, done, dead };                 /* fleet.tiles.state */

/* ------------------------------------------------------------------------------------------------ the ledger */

mtype state = predicting;
byte epoch = 1;                  /* fleet.runs.epoch */
byte holder = NOBODY;            /* fleet.runs.owner */
mtype tile[TILES] = planned;
bool published[TILES];           /* fleet.tiles.published_at */
bool outbox[TILES];              /* a row of fleet.outbox */
byte accepted[TILES];            /* rows of fleet.tile_results */
byte artifacts;                  /* label maps that anybody can see */
bool isPaused;                   /* a row of fleet.pauses */
#if WRONGS > 0
bool isWrong[TILES];             /* the accepted result has other bits */
byte votes[TILES];               /* right results of a tile about which there is a dispute: two decide */
bool sawRight[TILES], sawBoth[TILES]; /* for the promise alone: right results, and such beside wrong ones, have come to the ledger in time */
bool isDisputed[TILES];          /* results of the tile differed */
#endif

/* ------------------------------------------------------------------------------------------------ the broker */

byte jobs[TILES];                /* ready in tessera.tiles */
byte results[TILES];             /* ready in tessera.results */
#if FAILURES > 0
byte refusals[TILES];            /* there: results that say that the tile can't be computed */
#endif
#if WRONGS > 0
byte lies[TILES];                /* there: results with other bits */
#endif

/* ----------------------------------------------------------------------------------------- in whose hands what is */

byte working[WORKERS] = NOBODY;  /* the tile of the unsettled job */
byte writing[AGGREGATORS] = NOBODY;
bool isForgotten[WORKERS], isOrphan[AGGREGATORS]; /* what they hold was lost by the broker: it won't be delivered again */
bool isDead[STITCHERS];          /* killed, and its lease is over */
byte publishing = NOBODY;        /* the message that the relay has in hand */

byte failures = FAILURES, replays = REPLAYS, hedges = HEDGES, pauses = PAUSES, wrongs = WRONGS;
byte kills = KILLS, wipes = WIPES, duplicates = DUPLICATES, stalls = STALLS;
#ifdef COUNT
byte computed;                   /* tiles computed, again or not */
byte excuses;                    /* faults that may have a tile computed again */
#define compute(n) computed = computed + n
#define excuse(n) excuses = excuses + n
#else
#define compute(n) skip
#define excuse(n) skip
#endif

#define ended (state == completed || state == cancelled || state == failed)
#define allDone (tile[0] == done && tile[TILES - 1] == done)
#define isWorking(t) (working[0] == t || working[WORKERS - 1] == t)
#define isWriting(t) (writing[0] == t || writing[AGGREGATORS - 1] == t)
/* Nobody has heard of the tile, and nobody will. */
#if FAILURES > 0
#define isRefused(t) (refusals[t] > 0)
#else
#define isRefused(t) false
#endif
#if WRONGS > 0
#define isLied(t) (lies[t] > 0)
#else
#define isLied(t) false
#endif
#define isLost(t) (state == predicting && tile[t] == queued && published[t] && jobs[t] == 0 && results[t] == 0 && !isRefused(t) && !isLied(t) && !isWorking(t) && !isWriting(t) && publishing != t)

inline anyTile(t) { if :: t = 0 :: t = TILES - 1 fi }

/* ------------------------------------------------------------------------------------------------------ relay */

active proctype Relay() {
  byte t;
end:
  do
  :: atomic { /* enqueueTiles */
       state == predicting && !isPaused && tile[0] == planned -> tile[0] = queued; outbox[0] = true; published[0] = false }
  :: atomic {
       state == predicting && !isPaused && tile[TILES - 1] == planned ->
       tile[TILES - 1] = queued; outbox[TILES - 1] = true; published[TILES - 1] = false }
  :: atomic { outbox[0] && jobs[0] < most -> t = 0; publishing = t } goto publish
  :: atomic { outbox[TILES - 1] && jobs[TILES - 1] < most -> t = TILES - 1; publishing = t } goto publish
#ifndef NO_RECONCILER
  :: atomic { /* requeueOverdueTiles: what is lost, in the end; what is only slow, sometimes */
       isLost(0) -> tile[0] = planned; published[0] = false }
  :: atomic {
       isLost(TILES - 1) -> tile[TILES - 1] = planned; published[TILES - 1] = false }
#endif
  :: atomic {
       stalls > 0 && state == predicting && tile[0] == queued && published[0] ->
       stalls--; excuse(1); tile[0] = planned; published[0] = false }
#if HEDGES > 0
  :: atomic { /* hedgeStragglers: a second job for a tile that stays queued */
       hedges > 0 && state == predicting && !isPaused && tile[0] == queued && published[0] && !outbox[0] ->
       hedges--; excuse(1); outbox[0] = true }
#endif
  od;

publish:
#ifdef MARK_BEFORE_PUBLISH
  atomic { if :: outbox[t] -> outbox[t] = false; published[t] = true :: else fi };
  if
  :: atomic { jobs[t]++; publishing = NOBODY }
  :: atomic { kills > 0 -> kills--; publishing = NOBODY }
  fi;
#else
  if
  :: jobs[t]++ /* confirmed by the broker */
  :: atomic { kills > 0 -> kills--; publishing = NOBODY; goto end }
  fi;
  if
  :: atomic { /* markPublished: the row is gone when a result was faster */
       if :: outbox[t] -> outbox[t] = false; published[t] = true :: else fi; publishing = NOBODY }
  :: atomic { kills > 0 -> kills--; excuse(1); publishing = NOBODY } /* it will be published again */
  fi;
#endif
  t = 0;
  goto end
}

/* ----------------------------------------------------------------------------------------------------- broker */

active proctype Broker() {
  byte t;
end:
  do
  :: atomic {
       wipes > 0 -> wipes--;
       t = 0;
       do
       :: t < TILES -> excuse(jobs[t] + results[t]); jobs[t] = 0; results[t] = 0; t++
       :: else -> break
       od;
       t = 0;
       do /* what is in hand goes on, but the broker has forgotten it */
       :: t < WORKERS -> if :: working[t] != NOBODY -> excuse(1); isForgotten[t] = true :: else fi; t++
       :: else -> break
       od;
       t = 0;
       do
       :: t < AGGREGATORS -> if :: writing[t] != NOBODY -> excuse(1); isOrphan[t] = true :: else fi; t++
       :: else -> break
       od;
       t = 0 }
  :: atomic { duplicates > 0 && isWorking(0) && jobs[0] < most -> duplicates--; excuse(1); jobs[0]++ }
  :: atomic { duplicates > 0 && results[0] > 0 && results[0] < most -> duplicates--; results[0]++ }
  od
}

/* ---------------------------------------------------------------------------------------------------- workers */

proctype Worker(byte me) {
  byte t;
end:
  do
  :: atomic { jobs[0] > 0 -> jobs[0]--; t = 0; working[me] = t; isForgotten[me] = false } goto compute
  :: atomic {
       jobs[TILES - 1] > 0 -> jobs[TILES - 1]--; t = TILES - 1; working[me] = t; isForgotten[me] = false }
     goto compute
  od;

compute: /* and the probabilities into the store, under their digest */
  if
  :: compute(1)
  :: atomic { kills > 0 -> kills--; goto killed }
  fi;
#ifdef ACK_BEFORE_PUBLISH
  working[me] = NOBODY;
  if
  :: atomic { results[t] < most -> results[t]++ }
  :: atomic { kills > 0 -> kills--; excuse(1) }
  fi;
#else
  if
  :: atomic { results[t] < most -> results[t]++ }
#if FAILURES > 0
  :: atomic { failures > 0 && refusals[t] < most -> failures--; refusals[t]++ }
#endif
#if WRONGS > 0
  :: atomic { wrongs > 0 && lies[t] < most -> wrongs--; lies[t]++ }
#endif
  :: atomic { kills > 0 -> kills--; goto killed }
  fi;
  if
  :: working[me] = NOBODY /* acknowledged; where the broker has forgotten the job, that changes nothing there either */
  :: atomic { kills > 0 -> kills--; goto killed }
  fi;
#endif
  goto end;

killed: /* its connection goes with it, and the broker delivers the job again */
  atomic {
    working[me] = NOBODY; excuse(1);
    if :: !isForgotten[me] && jobs[t] < most -> jobs[t]++ :: else fi;
    t = 0 };
  goto end
}

/* ------------------------------------------------------------------------------------------------ aggregators */

inline record(t) { /* one transaction */
  atomic {
#if WRONGS > 0
    if :: state == predicting || state == stitching -> sawRight[t] = true; if :: isWrong[t] -> sawBoth[t] = true :: else fi :: else fi;
#endif
    if
#ifdef ADD_ON_ARRIVAL
    :: state == predicting || state == stitching ->
         accepted[t]++;
#elif defined(HEDGE_TWICE_COUNTS)
    :: state == predicting || state == stitching ->
         accepted[t]++;
#elif WRONGS > 0
    :: state == predicting && isDisputed[t] && accepted[t] == 0 && votes[t] == 0 -> votes[t] = 1; again(t)
    :: state == predicting && accepted[t] == 0 && (!isDisputed[t] || votes[t] > 0) ->
         accepted[t] = 1; isWrong[t] = false;
#else
    :: state == predicting && accepted[t] == 0 ->
         accepted[t] = 1;
#endif
         if :: tile[t] != done -> tile[t] = done :: else fi;
         outbox[t] = false;
         if :: state == predicting && allDone -> state = stitching :: else fi
#if WRONGS > 0 && !defined(FIRST_WINS)
    :: (state == predicting || state == stitching) && accepted[t] == 1 && isWrong[t] -> dispute(t); votes[t] = 1
#endif
    :: else /* a duplicate, or late */
    fi }
}

#if WRONGS > 0
/* The tile is computed once more. */
inline again(t) { if :: tile[t] == queued -> tile[t] = planned; published[t] = false; outbox[t] = false :: else fi }

/* Neither result is taken; a run that was to be stitched is predicting again, and who stitches it is fenced. */
inline dispute(t) {
  isDisputed[t] = true; accepted[t] = 0; isWrong[t] = false; tile[t] = planned; published[t] = false; outbox[t] = false;
  if :: state == stitching -> state = predicting; epoch++; holder = NOBODY :: else fi
}

/* A result with other bits. */
inline recordLie(t) {
  atomic {
    if :: sawRight[t] && (state == predicting || state == stitching) -> sawBoth[t] = true :: else fi;
    if
    :: state == predicting && accepted[t] == 0 && !isDisputed[t] ->
         accepted[t] = 1; isWrong[t] = true;
         if :: tile[t] != done -> tile[t] = done :: else fi;
         outbox[t] = false;
         if :: allDone -> state = stitching :: else fi
#ifndef FIRST_WINS
    :: (state == predicting || state == stitching) && accepted[t] == 1 && !isWrong[t] && !isDisputed[t] ->
         dispute(t); votes[t] = 1
#endif
    :: state == predicting && isDisputed[t] && accepted[t] == 0 -> again(t) /* its vote is alone */
    :: else
    fi }
}
#endif

#if FAILURES > 0
/* The tile is dead, its dead letter written, its run failed, and what waits to be published is swept. */
inline fail(t) {
  atomic {
    if
    :: state == predicting && accepted[t] == 0 ->
         tile[t] = dead; state = failed; outbox[0] = false; outbox[TILES - 1] = false
    :: else
    fi }
}
#endif

proctype Aggregator(byte me) {
  byte t;
end:
  do
  :: atomic { results[0] > 0 -> results[0]--; t = 0; writing[me] = t; isOrphan[me] = false } goto take
  :: atomic { results[TILES - 1] > 0 -> results[TILES - 1]--; t = TILES - 1; writing[me] = t; isOrphan[me] = false } goto take
#if FAILURES > 0
  :: atomic { refusals[0] > 0 -> refusals[0]--; t = 0; writing[me] = t } goto refusal
  :: atomic { TILES > 1 && refusals[TILES - 1] > 0 -> refusals[TILES - 1]--; t = TILES - 1; writing[me] = t } goto refusal
#endif
#if WRONGS > 0
  :: atomic { lies[0] > 0 -> lies[0]--; t = 0; writing[me] = t } goto lie
  :: atomic { TILES > 1 && lies[TILES - 1] > 0 -> lies[TILES - 1]--; t = TILES - 1; writing[me] = t } goto lie
#endif
  od;

#if FAILURES > 0
refusal:
  fail(t); writing[me] = NOBODY; t = 0; goto end;
#endif
#if WRONGS > 0
lie:
  recordLie(t); writing[me] = NOBODY; t = 0; goto end;
#endif

take:
#ifdef ACK_BEFORE_COMMIT
  writing[me] = NOBODY;
  if
  :: record(t)
  :: atomic { kills > 0 -> kills-- }
  fi;
#else
  if
  :: record(t)
  :: atomic { kills > 0 -> kills--; goto killed }
  fi;
  if
  :: writing[me] = NOBODY
  :: atomic { kills > 0 -> kills--; goto killed }
  fi;
#endif
  t = 0;
  goto end;

killed:
  atomic {
    writing[me] = NOBODY;
    if :: !isOrphan[me] && results[t] < most -> results[t]++ :: else fi;
    t = 0 };
  goto end
}

/* -------------------------------------------------------------------------------------------------- stitchers */

proctype Stitcher(byte me) {
  byte mine; /* the epoch of the claim */
end:
  atomic { /* claimStitch */
    state == stitching && (holder == NOBODY || isDead[holder] || (holder != me && stalls > 0)) ->
    if
    :: holder == NOBODY || isDead[holder]
    :: else -> stalls-- /* its lease is over though it lives: it will come back and write */
    fi;
    if :: holder != NOBODY -> isDead[holder] = false :: else fi;
    epoch++; mine = epoch; holder = me };

  /* Reads the tiles in plan order; the label map goes into the store, where nobody finds it yet. */
  if
  :: skip
  :: atomic { kills > 0 -> kills--; isDead[me] = true; mine = 0; goto end } /* and started again */
  fi;

  atomic { /* complete */
    if
#if defined(NO_FENCE)
    :: true ->
#elif defined(CANCEL_KEEPS_EPOCH)
    :: epoch == mine ->
#else
    :: state == stitching && epoch == mine && holder == me ->
#endif
         assert(state != cancelled);                                    /* I4: nothing becomes visible after a cancel */
         assert(accepted[0] == 1 && accepted[TILES - 1] == 1);        /* each tile once: the same bits as without faults */
#if WRONGS > 0
         /* Of results that differ the right one is taken; a wrong one that nobody computes again is seen by nobody. */
         assert(!(isWrong[0] && sawBoth[0]) && !(isWrong[TILES - 1] && sawBoth[TILES - 1]));
#endif
         artifacts++;
         assert(artifacts == 1);                                      /* I2: one artifact */
         state = completed; holder = NOBODY
    :: else /* fenced */
    fi;
    mine = 0 };
  goto end
}

/* --------------------------------------------------------------------------------------------------- operator */

active proctype Operator() {
  if
  :: atomic { /* cancel */
       !ended -> state = cancelled; outbox[0] = false; outbox[TILES - 1] = false; holder = NOBODY;
#ifndef CANCEL_KEEPS_EPOCH
       epoch++
#endif
     }
  :: skip
  fi
}

#if REPLAYS > 0
/* An operator who replays the dead letter, whenever, and once more. */
active proctype Replayer() {
end:
  do
  :: atomic {
#ifdef REPLAY_UNCHECKED
       replays > 0 && (tile[0] == dead || tile[TILES - 1] == dead || state == failed || artifacts > 0) -> replays--;
#else
       replays > 0 && state == failed -> replays--;
#endif
       state = predicting; epoch++; holder = NOBODY;
       if :: tile[0] == dead -> tile[0] = planned; published[0] = false :: else fi;
       if :: tile[TILES - 1] == dead -> tile[TILES - 1] = planned; published[TILES - 1] = false :: else fi;
#ifndef REPLAY_DEAD_ONLY
       if :: tile[0] == queued -> tile[0] = planned; published[0] = false; excuse(1) :: else fi;
       if :: tile[TILES - 1] == queued -> tile[TILES - 1] = planned; published[TILES - 1] = false; excuse(1) :: else fi;
#endif
       if :: allDone -> state = stitching :: else fi }
  od
}
#endif

#if PAUSES > 0
active proctype Pauser() {
end:
  do
  :: atomic {
       pauses > 0 && !isPaused -> pauses--; isPaused = true;
#ifdef PAUSE_SWEEPS
       outbox[0] = false; outbox[TILES - 1] = false
#endif
     }
  :: isPaused -> isPaused = false
  od
}
#endif

/* -------------------------------------------------------------------------------------------------- promises */

active proctype Watch() {
end:
  do
  :: atomic { wipes == WIPES && (isLost(0) || isLost(TILES - 1)) -> assert(false) } /* nothing is lost but by the broker */
#ifdef COUNT
  :: atomic { computed > TILES + excuses -> assert(false) }                         /* I10: computed again only for a reason */
#endif
  :: atomic { state == stitching && !allDone -> assert(false) }                       /* I5 */
  od
}

init {
  atomic {
    byte n;
    n = 0; do :: n < WORKERS -> run Worker(n); n++ :: else -> break od;
    n = 0; do :: n < AGGREGATORS -> run Aggregator(n); n++ :: else -> break od;
    n = 0; do :: n < STITCHERS -> run Stitcher(n); n++ :: else -> break od;
    n = 0 }
}

/* I1: whatever happens, the run ends; somebody who can go on does so in the end (weak fairness). A run that has failed is over
   when nobody replays it any more. */
ltl ends { <> (state == completed || state == cancelled || (state == failed && replays == 0)) }
