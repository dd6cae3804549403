PRAGMA application_id = 1382965826;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE study (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    space TEXT NOT NULL,
    policy TEXT NOT NULL,
    source TEXT NOT NULL,
    weights TEXT NOT NULL,
    seed TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at REAL NOT NULL,
    command TEXT NOT NULL,
    head TEXT NOT NULL,
    crc INTEGER NOT NULL
);
INSERT INTO "study" VALUES(1,'[{"name": "x0", "type": "Real", "low": -1.0, "high": 1.0, "prior": "uniform"}, {"name": "x1", "type": "Real", "low": 0.001, "high": 1000.0, "prior": "log-uniform"}, {"name": "x2", "type": "Integer", "low": 1, "high": 9, "prior": "uniform"}, {"name": "x3", "type": "Categorical", "categories": [{"value": "a"}, {"value": "b"}, {"value": null}]}]','lstm-direct','lstm-direct','047dec6ab5f6873ccd2cacd727683a0bbe4f0572b126a56207b8e67b9603cf2e','3','rnnbbo 0.1.0',1.79578856666282272343e+09,'["prog"]','a76cc04a2d0e74d878d5992442534fe4',631041541);
CREATE TABLE trial (
    number INTEGER PRIMARY KEY,
    x TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'ok', 'failed')),
    value REAL CHECK ((value IS NOT NULL) = (state = 'ok')),
    error TEXT,
    info TEXT NOT NULL,
    stderr TEXT NOT NULL,
    seconds REAL,
    asked INTEGER UNIQUE,
    told INTEGER UNIQUE CHECK ((told IS NOT NULL) = (state IN ('ok', 'failed'))),
    worker INTEGER REFERENCES worker (id),
    begun_at REAL,
    told_at REAL,
    crc INTEGER NOT NULL
);
INSERT INTO "trial" VALUES(0,'[-0.7857682704925537, 0.027267336598169236, 7, 0]','ok',0.617431774912859,NULL,'{"i": 0}','',0.5,1,2,1,1.79578856684317064284e+09,1.79578856688552522657e+09,3803713501);
INSERT INTO "trial" VALUES(1,'[0.8166124820709229, 0.0021214648358590274, 5, 2]','ok',6.66855945874033295694e-01,NULL,'{"i": 1}','',0.5,3,4,1,1.79578856693790149686e+09,1.79578856697738075253e+09,651509859);
INSERT INTO "trial" VALUES(2,'[0.2173231840133667, 137.70115800888505, 1, 0]','failed',NULL,'out of memory','{}','',NULL,5,6,1,1.79578856701731181142e+09,1.79578856704974365232e+09,3177977719);
INSERT INTO "trial" VALUES(3,'[-0.08072245121002197, 1.4344096324786262, 9, 1]','ok',6.51611412935437783744e-03,NULL,'{"i": 3}','',0.5,7,8,1,1.79578856711638712882e+09,1.79578856713779807085e+09,2924288151);
INSERT INTO "trial" VALUES(4,'[0.03429007530212402, 1.9698665809745661, 9, 1]','ok',1.17580926422533593722e-03,NULL,'{"i": 4}','',0.5,9,10,1,1.79578856715789341924e+09,1.79578856716666102411e+09,3940070258);
INSERT INTO "trial" VALUES(5,'[0.5, 1.0, 3, 2]','ok',-0.25,NULL,'{}','',NULL,NULL,11,NULL,NULL,1.79578856718956494332e+09,4105322533);
INSERT INTO "trial" VALUES(6,'[-0.12055003643035889, 0.01732159880709767, 4, 1]','waiting',NULL,NULL,'{}','',NULL,12,NULL,NULL,1.79578856720767712591e+09,NULL,395968438);
CREATE TABLE worker (
    id INTEGER PRIMARY KEY,
    machine TEXT NOT NULL,
    pid INTEGER NOT NULL,
    born TEXT NOT NULL,
    beat REAL NOT NULL,
    crc INTEGER NOT NULL
);
INSERT INTO "worker" VALUES(1,'machine',6930,'1242556',1.79578856676974606514e+09,2737542566);
CREATE INDEX trial_state ON trial (state);
COMMIT;
