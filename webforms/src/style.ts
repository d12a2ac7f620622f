/** The one style sheet, as a 2008 intranet application had it. */

export const stylePath = "/App_Themes/EHR/ehr.css";

export const styleSheet = `body { margin: 0; font-family: Verdana, Tahoma, Arial, sans-serif; font-size: 11px; color: #222; background: #fff; }
td, th, input, select, textarea { font-family: Verdana, Tahoma, Arial, sans-serif; font-size: 11px; }
a { color: #003399; } a:hover { color: #cc3300; }
h1 { font-size: 15px; color: #1c3f7c; border-bottom: 1px solid #9db5dd; margin: 4px 0 10px 0; padding-bottom: 3px; }
h2 { font-size: 12px; color: #1c3f7c; margin: 12px 0 4px 0; }
table.top { width: 100%; background: #1c3f7c; color: #fff; border-bottom: 3px solid #f0a030; }
table.top td { padding: 6px 10px; } table.top a { color: #cfe0ff; }
.appname { font-size: 17px; font-weight: bold; font-family: Tahoma, Verdana, Arial, sans-serif; letter-spacing: 1px; }
table.tabs { width: 100%; background: #dce6f5; border-bottom: 1px solid #7b97c9; }
table.tabs td { padding: 0; } table.tabs td.tab { padding: 4px 12px; border-right: 1px solid #b4c6e6; white-space: nowrap; }
table.tabs td.tab a { text-decoration: none; color: #1c3f7c; }
table.tabs td.on { background: #fff; font-weight: bold; border-top: 2px solid #f0a030; }
table.banner { width: 100%; background: #fffbe0; border-bottom: 1px solid #d8cd8a; }
table.banner td { padding: 4px 10px; } table.banner .nm { font-weight: bold; font-size: 12px; }
.alg { color: #b00000; font-weight: bold; } .err { color: red; } .abn { color: red; font-weight: bold; }
.msg { background: #e6f4e0; border: 1px solid #7fb069; color: #2c5a14; padding: 4px 8px; margin-bottom: 8px; }
.content { padding: 8px 12px; } .foot { color: #777; border-top: 1px solid #ccc; padding: 4px 12px; font-size: 10px; }
table.grid { border-collapse: collapse; border: 1px solid #9db5dd; background: #fff; }
table.grid th { background: #4a6ea9; color: #fff; padding: 3px 8px; text-align: left; border: 1px solid #9db5dd; }
table.grid th a { color: #fff; } table.grid td { padding: 2px 8px; border: 1px solid #c9d6ec; vertical-align: top; }
table.grid tr.alt td { background: #eef3fb; } table.grid tr.pager td { background: #dce6f5; border: 0; }
table.grid td.empty { color: #777; padding: 8px; }
table.dtl td { padding: 2px 10px 2px 0; vertical-align: top; } table.dtl td.lbl { color: #555; white-space: nowrap; text-align: right; }
table.panel { border: 1px solid #9db5dd; margin: 0 8px 8px 0; width: 100%; } table.panel td.ptitle { background: #dce6f5; color: #1c3f7c; font-weight: bold; padding: 3px 8px; }
table.panel td.pbody { padding: 6px 8px; }
table.cols { width: 100%; } table.cols td.col { vertical-align: top; width: 50%; }
table.day { border-collapse: collapse; width: 100%; } table.day th { background: #4a6ea9; color: #fff; padding: 3px; border: 1px solid #9db5dd; }
table.day td { border: 1px solid #c9d6ec; padding: 1px 4px; vertical-align: top; height: 15px; }
table.day td.tm { width: 60px; background: #eef3fb; color: #555; text-align: right; white-space: nowrap; }
table.day td.off { background: #e4e4e4; } table.day td.blk { background: #d0c8c0; } table.day td.appt { background: #d8ecff; border-left: 3px solid #4a6ea9; }
table.day td.ci { background: #dff5d8; border-left: 3px solid #5a9a3c; } table.day td.ns { background: #f5d8d8; }
.btn { padding: 1px 10px; } .login { width: 340px; margin: 70px auto; border: 1px solid #7b97c9; } .login td { padding: 5px 10px; }
`;
