/** The smallest clinic that every statement of the EHR finds something in. Each batch runs on the migrated legacy schema. */

export const ehrSeed: readonly string[] = [
  `INSERT INTO CODETBL (CodeTyp, CodeVal, ShortDs, LongDs, NumVal, SortOrd, ActvYN) VALUES
    ('SEX', 'M', 'Male', '', NULL, 2, 'Y'), ('SEX', 'F', 'Female', '', NULL, 1, 'Y'), ('SEX', 'X', 'Other', '', NULL, 0, 'N'),
    ('SEQ', 'MRN', '', '', 41, 0, 'Y'), ('DX', 'E11.9', 'T2DM', 'Type 2 diabetes', NULL, 0, 'Y'), ('PAYER', 'BCBS', '', 'Blue Cross', NULL, 0, 'Y'),
    ('APTYPE', 'FOLL', '', '', 15, 0, 'Y'), ('PROC', '99213', '', 'Office visit', 12500, 0, 'Y'), ('PROC', '80053', '', 'Panel', 4000, 0, 'Y'),
    ('LABTST', 'CMP', '', '', 80053, 0, 'Y'), ('SYSPRM', 'LOADED', '', 'generated', NULL, 0, 'Y')`,
  `INSERT INTO USRMST (UsrID, UsrNm, PwdHash, RoleCd, ProvYN, ActvYN) VALUES ('DRWHO', 'WHO, DOC', 'x', 'PHYS', 'Y', 'Y'),
    ('DRGONE', 'GONE, DOC', 'x', 'PHYS', 'Y', 'N'), ('DESK', 'DESK, FRONT', 'x', 'FDSK', 'N', 'Y')`,
  "INSERT INTO CLINLOC (LocCd, LocNm, ActvYN) VALUES ('MAIN', 'Main Clinic', 'Y'), ('EAST', 'East Clinic', 'Y'), ('OLD', 'Closed', 'N')",
  `INSERT INTO PATMST (MRN, LName, FName, MI, DOB, Sex, HmPhone, DelYN, CrtUsr, ModUsr) VALUES
    ('0001000017', 'SMITH', 'ANN', 'Q', '1970-01-01', 'F', '2125550101', 'N', 'DESK', 'DESK'),
    ('0001000025', 'SMYTHE', 'BOB', ' ', '1980-02-29', 'M', '', 'N', 'DESK', 'DESK'),
    ('0001000033', 'MUÑOZ', 'ZOÉ', ' ', '1990-12-31', 'F', '', 'Y', 'DESK', 'DESK')`,
  `INSERT INTO PATINS (PatNo, InsSeq, EffDt, PayCd, PlanNm, PolNo, CopayAmt) VALUES
    (100001, 1, '2020-01-01', 'BCBS', 'Gold', 'P1', 25), (100001, 2, '2021-01-01', 'AETNA', '', 'P2', 0)`,
  "INSERT INTO PROVSCHED (ProvID, LocCd, DOW, StartTm, EndTm, SlotMin, ApTyLst, EffDt) VALUES ('DRWHO', 'MAIN', 2, '0900', '1200', 15, 'FOLL,NEWP', '2020-01-01')",
  `INSERT INTO tblAppointment (PatNo, ProvID, LocCd, ApptDt, ApptTm, ApTypCd, StatCd, CrtUsr, ModUsr) VALUES
    (100001, 'DRWHO', 'MAIN', '2030-01-07', '0900', 'FOLL', 'SC', 'DESK', 'DESK'),
    (100002, 'DRWHO', 'MAIN', '2030-01-07', '0930', 'NEWP', 'NS', 'DESK', 'DESK'),
    (NULL, 'DRWHO', 'MAIN', '2030-01-07', '1100', 'FOLL', 'SC', 'DESK', 'DESK')`,
  `INSERT INTO ENCMST (PatNo, PatNm, ApptID, ProvID, LocCd, EncTyp, EncDt, Dx1, CrtUsr, ModUsr) VALUES
    (100001, 'SMITH, ANN Q', 1, 'DRWHO', 'MAIN', 'AMB', '2026-01-05 10:00', 'E11.9', 'DESK', 'DESK'),
    (100002, 'SMYTHE, BOB', NULL, 'DRWHO', 'EAST', 'AMB', '2026-01-06 11:30', '', 'DESK', 'DESK')`,
  "INSERT INTO VITALS (EncNo, TakenDt, PatNo, HtIn, WtLb, TempF, EntUsr) VALUES (5000001, '2026-01-05 10:05', 100001, 65, 150, 98.6, 'DRWHO')",
  "INSERT INTO CLINNOTE (EncNo, PatNo, NotTyp, NoteDt, AuthID, AuthNm, NoteTx) VALUES (5000001, 100001, 'PROG', '2026-01-05 10:10', 'DRWHO', 'WHO, DOC', 'Feels well.')",
  `INSERT INTO PATLIST (PatNo, LstTyp, ItemCd, ItemDs, EntUsr) VALUES (100001, 'A', '', 'Penicillin', 'DRWHO'), (100001, 'P', 'E11.9', 'Type 2 diabetes', 'DRWHO')`,
  "INSERT INTO LABORD (OrdNo, PatNo, EncNo, ProvID, PanelCd, PanelDs, OrdDt) VALUES ('L26010500001', 100001, 5000001, 'DRWHO', 'CMP', 'Metabolic panel', '2026-01-05')",
  "INSERT INTO LABRES (OrdNo, TestCd, SeqNo, PatNo, TestDs, ResVal, ResUnt, RefRng, AbnFlg, RptDt) VALUES ('L26010500001', 'GLU', 1, 100001, 'Glucose', '160', 'mg/dL', '70-99', 'H', '2026-01-05')",
  `INSERT INTO RXMST (PatNo, PatNm, EncNo, ProvID, DrugCd, DrugNm, QtyTx, RefAuth, CtrlCl, StartDt, ModUsr) VALUES
    (100001, 'SMITH, ANN Q', 5000001, 'DRWHO', '860975', 'Metformin 500 MG', '30', 3, ' ', '2026-01-05', 'DRWHO')`,
  "INSERT INTO CHGMST (EncNo, LnNo, PatNo, ProcCd, ProcDs, Units, UnitAmt, ExtAmt, SvcDt, ProvID, CrtUsr) VALUES (5000001, 1, 100001, '99213', 'Office visit', 1.5, 80, 0, '2026-01-05', 'DRWHO', 'DESK')",
  "INSERT INTO CLMHDR (ClmNo, EncNo, PatNo, PatNm, PayCd, TotAmt, EDIBat) VALUES ('C000000001', 5000001, 100001, 'SMITH, ANN Q', 'BCBS', 120, 'B0000001')",
  "INSERT INTO PMTTRN (PatNo, EncNo, TrnTyp, Amt, TrnDt, PostDt, BatNo, PostUsr) VALUES (100001, 5000001, 'CP', -25, '2026-01-05', '2026-01-05 12:00', 'T1', 'DESK')",
  "INSERT INTO PORTAL_USER (PatNo, LoginName, PwdHash, Salt) VALUES (100001, N'ann', 0x0102, '6F9619FF-8B86-D011-B42D-00C04FC964FF')",
  "INSERT INTO PORTAL_MSG (MsgId, ThreadId, PatNo, FromType, FromId, MsgType, Subject, Body, RefKey, SentOn) VALUES ('11111111-1111-1111-1111-111111111111', '22222222-2222-2222-2222-222222222222', 100001, 'P', '1', 'RXRF', N'Refill', N'Please, señor', '700001', '2026-01-06')",
  "INSERT INTO IFCMSG (DirCd, MsgTyp, RefTyp, RefKey, MsgTx, StatCd) VALUES ('I', 'RXSTAT', 'RX', '700001', 'D|sent', 'P')",
];
