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
     NO_RECONCILER       nobody looks for tiles that got lost */

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

#define NOBODY 9
#define most 3       /* messages of one kind and tile; others are not published until there is room */

mtype = { predicting, stitching, completed, cancelled }; /* fleet.runs.state */
mtype = { planned, queued, done };                       /* fleet.tiles.state */

/* ------------------------------------------------------------------------------------------------ the ledger */

mtype state = predicting;
byte epoch = 1;                  /* fleet.runs.epoch */
byte holder = NOBODY;            /* fleet.runs.owner */
mtype tile[TILES] = planned;
bool published[TILES];           /* fleet.tiles.published_at */
bool outbox[TILES];              /* a row of fleet.outbox */
byte accepted[TILES];            /* rows of fleet.tile_results */
byte artifacts;                  /* label maps that anybody can see */

/* ------------------------------------------------------------------------------------------------ the broker */

byte jobs[TILES];                /* ready in tessera.tiles */
byte results[TILES];             /* ready in tessera.results */

/* ----------------------------------------------------------------------------------------- in whose hands what is */

byte working[WORKERS] = NOBODY;  /* the tile of the unsettled job */
byte writing[AGGREGATORS] = NOBODY;
bool isForgotten[WORKERS], isOrphan[AGGREGATORS]; /* what they hold was lost by the broker: it won't be delivered again */
bool isDead[STITCHERS];          /* killed, and its lease is over */
byte publishing = NOBODY;        /* the message that the relay has in hand */

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

#define ended (state == completed || state == cancelled)
#define allDone (tile[0] == done && tile[TILES - 1] == done)
#define isWorking(t) (working[0] == t || working[WORKERS - 1] == t)
#define isWriting(t) (writing[0] == t || writing[AGGREGATORS - 1] == t)
/* Nobody has heard of the tile, and nobody will. */
#define isLost(t) (state == predicting && tile[t] == queued && published[t] && jobs[t] == 0 && results[t] == 0 && !isWorking(t) && !isWriting(t) && publishing != t)

inline anyTile(t) { if :: t = 0 :: t = TILES - 1 fi }

/* ------------------------------------------------------------------------------------------------------ relay */

active proctype Relay() {
  byte t;
end:
  do
  :: atomic { /* enqueueTiles */
       state == predicting && tile[0] == planned -> tile[0] = queued; outbox[0] = true; published[0] = false }
  :: atomic {
       state == predicting && tile[TILES - 1] == planned ->
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
    if
#ifdef ADD_ON_ARRIVAL
    :: state == predicting || state == stitching ->
         accepted[t]++;
#else
    :: state == predicting && accepted[t] == 0 ->
         accepted[t] = 1;
#endif
         if :: tile[t] != done -> tile[t] = done :: else fi;
         outbox[t] = false;
         if :: state == predicting && allDone -> state = stitching :: else fi
    :: else /* a duplicate, or late */
    fi }
}

proctype Aggregator(byte me) {
  byte t;
end:
  do
  :: atomic { results[0] > 0 -> results[0]--; t = 0; writing[me] = t; isOrphan[me] = false } goto take
  :: atomic { results[TILES - 1] > 0 -> results[TILES - 1]--; t = TILES - 1; writing[me] = t; isOrphan[me] = false } goto take
  od;

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

/* I1: whatever happens, the run ends; somebody who can go on does so in the end (weak fairness). */
ltl ends { <> (state == completed || state == cancelled) }
