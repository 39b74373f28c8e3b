/* Names of regions as THINGS-fMRI1's tables of voxels spell and order them. */
#include "train/simulate/simulate.h"

const char *const simulate_roi_names[SIMULATE_ROIS] = {
    "V1",   "V2",   "V3",   "hV4",  "VO1",  "VO2",  "LO1 (prf)", "LO2 (prf)", "TO1",  "TO2",
    "V3b",  "V3a",  "lEBA", "rEBA", "lFFA", "rFFA", "lOFA",      "rOFA",      "lSTS", "rSTS",
    "lPPA", "rPPA", "lRSC", "rRSC", "lTOS", "rTOS", "lLOC",      "rLOC",      "IT",
};

/* The 180 areas of Glasser et al. (2016). */
const char *const simulate_parcel_names[SIMULATE_PARCELS] = {
    "V1",       "MST",   "V6",   "V2",    "V3",    "V4",    "V8",    "4",     "3b",    "FEF",   "PEF",      "55b",
    "V3A",      "RSC",   "POS2", "V7",    "IPS1",  "FFC",   "V3B",   "LO1",   "LO2",   "PIT",   "MT",       "A1",
    "PSL",      "SFL",   "PCV",  "STV",   "7Pm",   "7m",    "POS1",  "23d",   "v23ab", "d23ab", "31pv",     "5m",
    "5mv",      "23c",   "5L",   "24dd",  "24dv",  "7AL",   "SCEF",  "6ma",   "7Am",   "7Pl",   "7PC",      "LIPv",
    "VIP",      "MIP",   "1",    "2",     "3a",    "6d",    "6mp",   "6v",    "p24pr", "33pr",  "a24pr",    "p32pr",
    "a24",      "d32",   "8BM",  "p32",   "10r",   "47m",   "8Av",   "8Ad",   "9m",    "8BL",   "9p",       "10d",
    "8C",       "44",    "45",   "47l",   "a47r",  "6r",    "IFJa",  "IFJp",  "IFSp",  "IFSa",  "p9-\n46v", "46",
    "a9-\n46v", "9-46d", "9a",   "10v",   "a10p",  "10pp",  "11l",   "13l",   "OFC",   "47s",   "LIPd",     "6a",
    "i6-8",     "s6-8",  "43",   "OP4",   "OP1",   "OP2-3", "52",    "RI",    "PFcm",  "PoI2",  "TA2",      "FOP4",
    "MI",       "Pir",   "AVI",  "AAIC",  "FOP1",  "FOP3",  "FOP2",  "PFt",   "AIP",   "EC",    "PreS",     "H",
    "ProS",     "PeEc",  "STGa", "PBelt", "A5",    "PHA1",  "PHA3",  "STSda", "STSdp", "STSvp", "TGd",      "TE1a",
    "TE1p",     "TE2a",  "TF",   "TE2p",  "PHT",   "PH",    "TPOJ1", "TPOJ2", "TPOJ3", "DVT",   "PGp",      "IP2",
    "IP1",      "IP0",   "PFop", "PF",    "PFm",   "PGi",   "PGs",   "V6A",   "VMV1",  "VMV3",  "PHA2",     "V4t",
    "FST",      "V3CD",  "LO3",  "VMV2",  "31pd",  "31a",   "VVC",   "25",    "s32",   "pOFC",  "PoI1",     "Ig",
    "FOP5",     "p10p",  "p47r", "TGv",   "MBelt", "LBelt", "A4",    "STSva", "TE1m",  "PI",    "a32pr",    "p24",
};
