/** LEAD is writing this file. */
