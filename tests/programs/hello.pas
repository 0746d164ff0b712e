{ SPDX-License-Identifier: BSD-2-Clause }
{ A Pascal program with classes, exceptions, lists and files, as ToroV's users
  write them. }
program hello;

{$mode objfpc}{$H+}

uses
  Classes, SysUtils;

function Half(N: Integer): Integer;
begin
  if Odd(N) then
    raise EMathError.CreateFmt('%d is odd', [N]);
  Half := N div 2;
end;

procedure Divide(Zero: Integer);
begin
  WriteLn(10 div Zero);
end;

var
  List: TStringList;
  Nothing: PInteger;
  I: Integer;
begin
  List := TStringList.Create;
  for I := 1 to 5 do
    try
      List.Add(IntToStr(Half(I)));
    except
      on E: EMathError do
        List.Add(E.Message);
    end;
  List.Sort;
  WriteLn(List.CommaText);
  try
    Divide(0);
  except
    on E: EDivByZero do
      WriteLn('caught: ', E.Message);
  end;
  Nothing := nil;
  try
    WriteLn(Nothing^);
  except
    on E: EAccessViolation do
      WriteLn('caught: ', E.Message);
  end;
  if ParamCount > 0 then
  begin
    List.SaveToFile(ParamStr(1));
    List.Clear;
    List.LoadFromFile(ParamStr(1));
    WriteLn('from the file: ', List.Count);
  end;
  List.Free;
  Halt(6);
end.
