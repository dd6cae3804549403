PRAGMA application_id = 1382965826;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE study (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    space TEXT NOT NULL,
    policy TEXT NOT NULL,
    source TEXT NOT NULL,
    weights TEXT NOT NULL,
    seed TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at REAL NOT NULL
);
INSERT INTO "study" VALUES(1,'[{"name": "x0", "type": "Real", "low": -1.0, "high": 1.0, "prior": "uniform"}, {"name": "x1", "type": "Real", "low": 0.001, "high": 1000.0, "prior": "log-uniform"}, {"name": "x2", "type": "Integer", "low": 1, "high": 9, "prior": "uniform"}, {"name": "x3", "type": "Categorical", "categories": [{"value": "a"}, {"value": "b"}, {"value": null}]}]','lstm-direct','lstm-direct','047dec6ab5f6873ccd2cacd727683a0bbe4f0572b126a56207b8e67b9603cf2e','3','rnnbbo 0.1.0',1.7957630976513087749e+09);
CREATE TABLE trial (
    number INTEGER PRIMARY KEY,
    x TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'ok', 'failed')),
    value REAL CHECK ((value IS NOT NULL) = (state = 'ok')),
    error TEXT,
    info TEXT NOT NULL DEFAULT '{}',
    stderr TEXT NOT NULL DEFAULT '',
    seconds REAL,
    asked INTEGER UNIQUE,
    told INTEGER UNIQUE CHECK ((told IS NOT NULL) = (state IN ('ok', 'failed'))),
    worker INTEGER REFERENCES worker (id),
    begun_at REAL,
    told_at REAL
);
INSERT INTO "trial" VALUES(0,'[-0.7857682704925537, 0.027267336598169236, 7, 0]','ok',0.617431774912859,NULL,'{"epochs": 0}','',0.25,1,2,1,1.79576309777947568891e+09,1.79576309781323647501e+09);
INSERT INTO "trial" VALUES(1,'[0.8166124820709229, 0.0021214648358590274, 5, 2]','ok',1.66685594587403329569e+00,NULL,'{"epochs": 1}','',0.25,3,4,1,1.7957630978230223656e+09,1.79576309783664226533e+09);
INSERT INTO "trial" VALUES(2,'[0.2173231840133667, 137.70115800888505, 1, 0]','failed',NULL,'out of memory','{}','',0.5,5,6,1,1.7957630978436071872e+09,1795763097.86463);
INSERT INTO "trial" VALUES(3,'[-0.08072245121002197, 1.4344096324786262, 9, 1]','ok',3.00651611412935437783e+00,NULL,'{"epochs": 3}','',0.25,7,8,1,1.7957630978752717972e+09,1.79576309788865327832e+09);
INSERT INTO "trial" VALUES(4,'[0.5, 1.0, 3, 2]','ok',-0.25,NULL,'{}','',NULL,NULL,9,NULL,NULL,1.79576309789270472522e+09);
INSERT INTO "trial" VALUES(5,'[-0.21883273124694824, 0.05355000641653175, 6, 0]','waiting',NULL,NULL,'{}','',NULL,10,NULL,NULL,1.79576309790744113922e+09,NULL);
INSERT INTO "trial" VALUES(6,'[-0.25177693367004395, 0.003466268144244238, 1, 2]','waiting',NULL,NULL,'{}','',NULL,11,NULL,NULL,1.7957630979228146076e+09,NULL);
CREATE TABLE worker (
    id INTEGER PRIMARY KEY,
    machine TEXT NOT NULL,
    pid INTEGER NOT NULL,
    born TEXT NOT NULL,
    beat REAL NOT NULL
);
INSERT INTO "worker" VALUES(1,'machine',6930,'1242556',1.795763097768809557e+09);
CREATE INDEX trial_state ON trial (state);
COMMIT;
